# shellcheck shell=bash
# Virtual environments in which the Python package is built, checked, tested.
#
# python/requirements/NAME.txt lists all packages of .dev/venvs/NAME with their
# versions, also those that others of them need. Where an environment is as its
# file says, `make_venv NAME` takes no time; otherwise it is made anew, from
# PyPI: up to a minute.

venvs=.dev/venvs
# Debian's: the package python3-dev has its headers.
venv_python=/usr/bin/python3

# What an environment is made of. It cannot be moved to another folder.
venv_stamp() { # NAME
  {
    echo "$PWD"
    "$venv_python" --version
    cat "python/requirements/$1.txt"
  } | sha256sum
}

make_venv() { # NAME
  local dir=$venvs/$1 list=python/requirements/$1.txt log=.dev/logs/venv-$1.log
  local stamp count
  stamp=$(venv_stamp "$1")
  if [[ -f $dir/stamp && $(<"$dir/stamp") == "$stamp" ]]; then return; fi
  count=$(grep -c '^[A-Za-z]' "$list" || true)
  echo "Virtual environment $1: installs $count packages from PyPI"
  mkdir -p .dev/logs
  rm -rf "$dir"
  if ! { "$venv_python" -m venv "$dir" &&
    "$dir/bin/pip" install --no-input --disable-pip-version-check --no-deps \
      --retries 10 --progress-bar off -r "$list" &&
    "$dir/bin/pip" check --disable-pip-version-check; } 2>&1 </dev/null |
    tee "$log" | show_pip_progress "$count"; then
    tail -n 20 "$log" >&2
    echo "Installing $list failed; the whole log: $log" >&2
    return 1
  fi
  echo "$stamp" >"$dir/stamp"
}

# Shows how far pip is, a line in place on a terminal, else one every 25.
show_pip_progress() { # NUMBER_OF_PACKAGES
  awk -v all="$1" -v tty="$([[ -t 1 ]] && echo 1 || echo 0)" '
    /^Collecting/ { n++; line = sprintf("  collected %d of %d", n, all) }
    /^Installing/ { line = "  unpacking" }
    line && tty { printf "\r\033[K%s", line }
    line && !tty && (/^Installing/ || n % 25 == 0) { print line }
    { line = ""; fflush() }
    END { if (tty) printf "\r\033[K" }'
}

# Builds the wheel of the package in .dev/wheel, as `pip wheel .` does, but
# with the build tools of an environment, in a folder that is kept. The stub of
# the extension is laid beside the sources too, for type checkers.
build_wheel() {
  make_venv build
  rm -rf .dev/wheel
  "$venvs/build/bin/pip" wheel . --no-input --disable-pip-version-check \
    --no-cache-dir --no-deps --no-build-isolation --wheel-dir .dev/wheel \
    --config-settings build-dir=.dev/python \
    --config-settings cmake.define.SPANLINK_WARNINGS_ARE_ERRORS=ON --verbose ||
    return 1
  cp .dev/python/_core.pyi python/spanlink/
}

install_wheel() { # NAME...
  local name
  for name in "$@"; do
    "$venvs/$name/bin/pip" install --no-input --disable-pip-version-check \
      --quiet --no-deps --no-index --force-reinstall .dev/wheel/*.whl
    "$venvs/$name/bin/pip" check --disable-pip-version-check
  done
}
