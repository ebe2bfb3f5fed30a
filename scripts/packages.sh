# shellcheck shell=bash
# Installs what a command of ./dev needs: `need_packages GROUP...`.
#
# The groups are in third_party/packages.txt. Where nothing is missing this
# takes a tenth of a second and needs no rights; otherwise it says what it is
# about to do, and does it as root or through sudo.

packages_file=third_party/packages.txt

packages_of() { # GROUP...
  awk -v wanted=" $* " '
    /^\[/ { split($1, part, /[][]/); on = index(wanted, " " part[2] " ") }
    /^[a-z]/ && on { print $1 }' "$packages_file" | sort -u
}

# What is not installed, in one line.
missing_of() { # PACKAGE...
  local status
  status=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "$@" \
    2>/dev/null || true)
  local package
  for package in "$@"; do
    grep -qx "$package installed" <<<"$status" || has_otherwise "$package" ||
      printf '%s ' "$package"
  done
}

# Node.js often comes from elsewhere, and then Debian's npm cannot be installed.
has_otherwise() { # PACKAGE
  case $1 in
    nodejs) command -v node ;;
    npm) command -v npm ;;
    *) false ;;
  esac >/dev/null
}

# Shows how far apt is, a line in place on a terminal, else one every 50.
show_apt_progress() { # NUMBER_OF_PACKAGES
  awk -v all="$1" -v tty="$([[ -t 1 ]] && echo 1 || echo 0)" '
    function show(what) {
      if (tty) printf "\r  %-12s %4d of %d  ", what, n[what], all
      else if (n[what] % 50 == 0 || n[what] == all)
        printf "  %s %d of %d\n", what, n[what], all
      fflush()
    }
    /^Get:/ { n["downloaded"]++; show("downloaded") }
    /^Unpacking/ { n["unpacked"]++; show("unpacked") }
    /^Setting up/ { n["set up"]++; show("set up") }
    END { if (tty) printf "\n" }'
}

need_packages() { # GROUP...
  local wanted missing
  mapfile -t wanted < <(packages_of "$@")
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "Not a Debian system: nothing is installed. Needed: ${wanted[*]}"
    return
  fi
  read -r -a missing <<<"$(missing_of "${wanted[@]}")"
  if ((${#missing[@]} > 0)); then install_packages "${missing[@]}"; fi
}

install_packages() { # PACKAGE...
  local root=() log=.dev/logs/apt.log options=(--no-install-recommends)
  if ((EUID != 0)); then
    root=(sudo)
    if ! command -v sudo >/dev/null; then
      echo "Missing: $*" >&2
      echo "Neither root nor sudo here. As root, run:" >&2
      echo "  apt-get update && apt-get install ${options[*]} $*" >&2
      return 1
    fi
  fi
  mkdir -p .dev/logs
  echo "Missing packages: $*"
  echo "Looking up their sizes (apt-get update)…"
  "${root[@]}" apt-get update -qq >"$log" 2>&1 || true
  local plan count
  plan=$(LC_ALL=C "${root[@]}" apt-get install -s "${options[@]}" "$@" \
    2>>"$log" || true)
  count=$(grep -c '^Inst ' <<<"$plan" || true)
  announce_install "$count" "$@"
  if ! LC_ALL=C DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install \
    -y -o Dpkg::Use-Pty=0 "${options[@]}" "$@" </dev/null 2>&1 |
    tee -a "$log" | show_apt_progress "$count"; then
    tail -n 20 "$log" >&2
    echo "Installing failed; the whole log: $log" >&2
    return 1
  fi
}

# Says what will be downloaded, for how long, and by whom.
announce_install() { # NUMBER_OF_PACKAGES PACKAGE...
  local count=$1 sizes
  shift
  sizes=$(LC_ALL=C apt-get install --no-install-recommends --print-uris \
    -o Debug::NoLocking=true "$@" 2>/dev/null |
    sed -n 's/^Need to get \(.*\) of archives\./\1 to download/p
            s/^After this operation, \(.*\) of additional.*/\1 on disk/p' |
    paste -sd, | sed 's/,/, /g' || true)
  echo "Installs $count packages: ${sizes:-size unknown}," \
    "about $((count / 60 + 1)) min$( ((EUID == 0)) || echo ", with sudo")."
}
