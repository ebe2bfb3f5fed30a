# shellcheck shell=bash
# The steps of `./dev test`; see scripts/steps.sh for what a step is.

# shellcheck source=scripts/venvs.sh
source scripts/venvs.sh

jobs=$(nproc)
# The environments that get the wheel, and those that tests of it name.
mapfile -t wheel_venvs < <(basename -s .txt python/requirements/*.txt |
  grep -vx -e build -e lint)
mapfile -t test_venvs < <(sed -sn '1s/^# venvs: //p' python/tests/test_*.py |
  tr ' ' '\n' | sort -u)
: "${step_counts:=}"  # run_step sets it
# What python, ccache and the tests of every build see.
export PYTHONDONTWRITEBYTECODE=1
export HYPOTHESIS_STORAGE_DIRECTORY=$PWD/.dev/hypothesis
export SPANLINK_SOURCE_DIR=$PWD
export SPANLINK_BINARY=$PWD/.dev/release/spanlink
export SPANLINK_SHARED=${SPANLINK_SHARED:-$(dirname "$PWD")/shared}
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
export CCACHE_DIR=${CCACHE_DIR:-$PWD/.dev/ccache}

sources() { # EXTENSION...
  local pattern
  pattern=$(printf '%s|' "$@")
  git ls-files --cached --others --exclude-standard |
    grep -E "\.(${pattern%|})$" | while read -r file; do
    if [[ -e $file ]]; then echo "$file"; fi
  done
}

step_format() {
  sources h cc | xargs clang-format-14 --dry-run --Werror
  if sources h cc md sh py pyi toml cmake bazel txt | xargs grep -nE '[[:blank:]]+$'; then
    echo "Blanks at the end of these lines."
    return 1
  fi
}

step_shellcheck() {
  shellcheck -x dev .ci/run scripts/*.sh
}

step_bazel() {
  local status=0 names
  bazel test //... --jobs="$jobs" --local_test_jobs="$jobs" \
    --test_env=SPANLINK_SHARED="$SPANLINK_SHARED" \
    --test_env=SPANLINK_FULL="${SPANLINK_FULL:-}" \
    --test_timeout="$([[ ${SPANLINK_FULL:-} ]] && echo 3600 || echo -1)" --show_progress_rate_limit=5 \
    --keep_going --color=no --curses=no || status=$?
  mapfile -t names < <(bazel query --noshow_progress 'tests(//...)' |
    sed 's,^//,,; s,:,/,')
  scripts/count_tests.py "$(bazel info --noshow_progress bazel-testlogs)" \
    "${names[@]}" >"$step_counts"
  return "$status"
}

build_preset() { # PRESET [TARGET...]
  local preset=$1
  shift
  cmake --preset "$preset"
  cmake --build ".dev/$preset" -j "$jobs" ${1:+--target "$@"}
}

step_cmake() {
  # The tests of this build run under the sanitizers; here they need no time.
  build_preset release spanlink spanlink_command example_embed embed_noexcept
  .dev/release/example_embed >.dev/embed.txt
  cat .dev/embed.txt
  [[ -s .dev/embed.txt ]]
  echo "The same without exceptions:"
  .dev/release/embed_noexcept | diff .dev/embed.txt -
}

# The library as somebody else meets it: installed, found, linked.
step_consumer() {
  local prefix=$PWD/.dev/prefix build=.dev/consumer
  rm -rf "$prefix" "$build"
  cmake --install .dev/release --prefix "$prefix"
  cmake -S tests/consumer -B "$build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix"
  cmake --build "$build" -j "$jobs"
  "$build/consumer" | diff .dev/embed.txt -
  "$prefix/bin/spanlink" --version
  if cmake -S tests/consumer -B "$build-9" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCONSUMER_WANTS=9.0 >/dev/null 2>&1; then
    echo "find_package(spanlink 9.0) took version 0.1."
    return 1
  fi
}

step_python() {
  local status=0
  python3 -m unittest discover -s tests -p '*_test.py' -v 2>&1 |
    tee .dev/logs/unittest.out || status=$?
  scripts/count_tests.py --unittest <.dev/logs/unittest.out >"$step_counts"
  return "$status"
}

# The wheel, in environments with what its users have.
step_venvs() {
  local name
  for name in build lint "${wheel_venvs[@]}"; do make_venv "$name"; done
  build_wheel
  install_wheel "${wheel_venvs[@]}"
}

step_python_lint() {
  local bin=$venvs/lint/bin typed=(python/spanlink examples/*.py) status=0
  local with=$PWD/$venvs/frameworks/bin/python
  "$bin/ruff" check python examples/*.py || status=1
  "$bin/ruff" format --check python examples/*.py || status=1
  "$bin/mypy" --python-executable "$with" "${typed[@]}" || status=1
  "$bin/pyright" --pythonpath "$with" "${typed[@]}" || status=1
  return "$status"
}

# The tests of the Python package; python/tests/conftest.py says which where.
step_python_package() {
  local reports=.dev/pytest status=0 name
  rm -rf "$reports"
  mkdir -p "$reports"
  # shellcheck disable=SC2016
  printf '%s\n' "${test_venvs[@]}" | xargs -P "$jobs" -I{} bash -c \
    'timeout --kill-after=10 900 "$0/{}/bin/python" -m pytest \
      --junit-xml="$1/{}.xml" >"$1/{}.log" 2>&1' "$venvs" "$reports" || status=1
  for name in "${test_venvs[@]}"; do
    echo "In the virtual environment $name:"
    cat "$reports/$name.log"
  done
  scripts/count_tests.py "$reports" "${test_venvs[@]}" >"$step_counts"
  return "$status"
}

# The SDK's own tests, without and with our processor.
step_sdk_own_tests() { # [--short]
  "$venvs/sdk-own-tests/bin/python" python/tests/sdk_own_tests.py "$@"
}

# Every test of the CMake build, under a sanitizer.
# The programs that start threads: a thread sanitizer sees nothing in others.
threaded_tests() {
  grep -lE 'std::j?thread' tests/*_test.cc |
    sed -E 's,tests/conformance_.*,conformance_test,; s,tests/(.*)\.cc,\1,' |
    sort -u
}

step_tsan() {
  local names
  mapfile -t names < <(threaded_tests)
  step_sanitizer tsan "${names[@]}"
}

step_sanitizer() { # PRESET [TEST...]
  local reports=.dev/$1/reports status=0 names run=() only=()
  build_preset "$@"
  rm -rf "$reports"
  if (($# > 1)); then only=(-R "^($(IFS='|' && echo "${*:2}"))\$"); fi
  # The thread sanitizer of clang 14 knows fewer memory layouts than kernels.
  if setarch "$(uname -m)" -R true 2>/dev/null; then
    run=(setarch "$(uname -m)" -R)
  fi
  export SPANLINK_BINARY=$PWD/.dev/$1/spanlink
  "${run[@]}" ctest --test-dir ".dev/$1" -j "$jobs" --output-on-failure \
    "${only[@]}" || status=$?
  mapfile -t names < <(ctest --test-dir ".dev/$1" -N "${only[@]}" |
    sed -n 's/^ *Test *#[0-9]*: //p')
  scripts/count_tests.py "$reports" "${names[@]}" >"$step_counts"
  return "$status"
}

step_accuracy() { # LIMIT
  if [[ ! -f $SPANLINK_SHARED/accuracy/run.py ]]; then
    echo "SKIPPED: no accuracy harness at $SPANLINK_SHARED/accuracy"
    return "$SKIP"
  fi
  "$venvs/ddtrace/bin/python" scripts/accuracy.py --shared "$SPANLINK_SHARED" \
    --spanlink "$PWD/.dev/release/spanlink" --limit "$1" \
    --replay "$PWD/$venvs/frameworks/bin/python" --replay-limit 2
}

step_tidy() {
  local files
  mapfile -t files < <(sources cc | grep -E \
    '^(model|dispatch|linker|json|otlp|dialects|pipeline|viewer|cli)/')
  run-clang-tidy-14 -quiet -p .dev/asan -j "$jobs" "${files[@]/#//}"
}

step_mutations() { # ARGUMENT...
  if ! compgen -G 'tests/mutations/*.patch' >/dev/null; then
    echo "SKIPPED: no mutations in tests/mutations"
    return "$SKIP"
  fi
  python3 tests/mutate.py "$@"
}

step_benchmarks() {
  if ! git rev-parse --verify -q HEAD^ >/dev/null; then
    echo "SKIPPED: this checkout knows no parent commit to compare with"
    return "$SKIP"
  fi
  python3 bench/compare.py --against HEAD^ --short | tee .dev/logs/bench.out
  if grep '^Nothing to compare with' .dev/logs/bench.out; then
    return "$SKIP"
  fi
}

# The page of the HTML report: its types, that the committed bundle is what
# these sources make, and what it does in a browser.
step_viewer() {
  local status=0
  rm -rf .dev/viewer
  npm --prefix viewer/page ci --ignore-scripts --no-audit --no-fund
  npm --prefix viewer/page run check
  npm --prefix viewer/page run build -- --check
  npm --prefix viewer/page test || status=$?
  scripts/count_tests.py .dev/viewer page >"$step_counts"
  return "$status"
}

step_demo() {
  .dev/release/spanlink link --table examples/demo/demo.otlp.json
  .dev/release/spanlink why examples/demo/demo.otlp.json
  .dev/release/spanlink why examples/demo/demo.events.jsonl
  .dev/release/spanlink view examples/demo/demo.otlp.json -o .dev/report.html
  grep -q 'id="spanlink-data"' .dev/report.html
}
