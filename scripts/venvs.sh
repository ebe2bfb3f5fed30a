# shellcheck shell=bash
# Virtual environments in which the Python package is built, checked, tested.
#
# python/requirements/NAME.txt lists all packages of .dev/venvs/NAME with their
# versions, also those that others of them need. Where an environment is as its
# file says, `make_venv NAME` takes no time; otherwise it is made anew, from
# PyPI: a few seconds. pip makes `build`, which has uv, which makes the others.

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
  local stamp
  stamp=$(venv_stamp "$1")
  if [[ -f $dir/stamp && $(<"$dir/stamp") == "$stamp" ]]; then return; fi
  if [[ $1 != build ]]; then make_venv build; fi
  echo "Virtual environment $1: installs" \
    "$(grep -c '^[A-Za-z]' "$list" || true) packages from PyPI"
  mkdir -p .dev/logs
  rm -rf "$dir"
  if ! install_into "$1" -r "$list" >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    echo "Installing $list failed; the whole log: $log" >&2
    return 1
  fi
  echo "$stamp" >"$dir/stamp"
}

# Makes the environment if it is not there.
install_into() { # NAME ARGUMENT...
  local dir=$venvs/$1 uv="$venvs/build/bin/uv --no-config"
  local -x UV_CACHE_DIR=$PWD/.dev/uv_cache
  shift
  if [[ $dir == "$venvs/build" ]]; then
    "$venv_python" -m venv "$dir" &&
      "$dir/bin/pip" install --no-input --disable-pip-version-check --no-deps \
        --retries 10 --progress-bar off "$@"
    return
  fi
  if [[ ! -d $dir ]]; then $uv venv --python "$venv_python" "$dir"; fi &&
    $uv pip install --no-deps --compile-bytecode --python "$dir" "$@" &&
    $uv pip check --python "$dir"
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
    install_into "$name" --no-index --reinstall .dev/wheel/*.whl
  done
}
