# shellcheck shell=bash
# Runs the steps of `./dev test` one after the other and adds up what they say.
#
# A step is a function that returns 0 (passed), 77 (skipped) or anything else
# (failed). It prints into .dev/logs/NAME.log, and may leave the test cases that
# it ran in the file "$step_counts": the output of scripts/count_tests.py. A
# step that fails does not keep the others from running. Each step counts as
# one besides its cases.

logs=.dev/logs
total_passed=0 total_failed=0 total_skipped=0
failed_steps=()
step_number=0 step_count=0
declare -a summary=()

readonly SKIP=77

plural() { # NUMBER NOUN
  if (($1 == 1)); then echo "$1 $2"; else echo "$1 $2s"; fi
}

# While a step runs on a terminal: the time, and the last line of its log.
watch_step() { # LABEL LOG
  local start=$SECONDS line
  while sleep 1; do
    line=$(tail -c 400 "$2" 2>/dev/null | tr '\r' '\n' | grep -v '^ *$' |
      tail -n 1 | tr -cd '[:print:]' | cut -c1-50 || true)
    printf '\r\033[K%s %4d s  %s' "$1" $((SECONDS - start)) "$line"
  done
}

announce_steps() { # COUNT TIME
  step_count=$1
  echo "$1 steps, $2 on 2 cores the first time; each has its log in $logs."
}

run_step() { # NAME FUNCTION [ARGUMENT...]
  local name=$1 start=$SECONDS status=0 watcher=
  shift
  step_counts=$logs/$name.counts
  rm -f "$step_counts"
  step_number=$((step_number + 1))
  local label
  label=$(printf '[%2d/%d] %-22s' "$step_number" "$step_count" "$name")
  if [[ -t 1 ]]; then
    watch_step "$label" "$logs/$name.log" &
    watcher=$!
  else
    echo "$label …"
  fi
  # In a subshell of its own `set -e` holds inside the function too.
  set +e
  (
    set -e
    "$@"
  ) >"$logs/$name.log" 2>&1 </dev/null
  status=$?
  set -e
  if [[ -n $watcher ]]; then
    kill "$watcher"
    wait "$watcher" 2>/dev/null || true
    printf '\r\033[K'
  fi
  report_step "$name" "$label" "$status" $((SECONDS - start))
}

report_step() { # NAME LABEL STATUS SECONDS
  local passed=0 failed=0 skipped=0 verdict cases=
  if [[ -s $step_counts ]]; then
    read -r passed failed skipped <"$step_counts"
    cases="$(plural $((passed + failed + skipped)) case)"
    ((failed == 0)) || cases+=", $failed failed"
    ((skipped == 0)) || cases+=", $skipped skipped"
  fi
  case $3 in
    0) verdict=passed passed=$((passed + 1)) ;;
    "$SKIP") verdict=SKIPPED skipped=$((skipped + 1)) ;;
    *) verdict=FAILED failed=$((failed + 1)) ;;
  esac
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  total_skipped=$((total_skipped + skipped))
  local line
  line=$(printf '%s %-8s %4d s  %s' "$2" "$verdict" "$4" "$cases")
  echo "$line"
  summary+=("$line")
  if [[ $verdict == SKIPPED ]]; then
    tail -n 1 "$logs/$1.log" | sed 's/^/        /'
  fi
  if ((failed > 0)); then
    failed_steps+=("$1")
    echo "        the end of $logs/$1.log:"
    tail -n "${DEV_LOG_LINES:-60}" "$logs/$1.log" | sed 's/^/        /'
  fi
  if ((failed + skipped > 0)) && [[ -s $step_counts ]]; then
    tail -n +2 "$step_counts" | sed 's/^/        /'
  fi
}

# Prints everything once more in short; returns 1 if anything failed.
finish_steps() {
  echo
  printf '%s\n' "${summary[@]}"
  echo
  if ((${#failed_steps[@]} > 0)); then
    echo "Failed: ${failed_steps[*]}; their logs are in $logs/."
  fi
  local end=
  if ((total_skipped > 0)); then
    echo "SKIPPED cases and steps are not tested; the reasons stand above."
    end=", $total_skipped skipped"
  fi
  echo "$total_passed passed, $total_failed failed$end"
  ((total_failed == 0))
}
