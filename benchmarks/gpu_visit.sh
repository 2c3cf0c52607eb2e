#!/usr/bin/env bash
# All that is to be measured on a GPU, in under eight minutes and without a network. It has never run on a GPU.
#
#   benchmarks/gpu_visit.sh              on a machine with a CUDA device and a build of torch for CUDA
#   benchmarks/gpu_visit.sh --dry-run    every part at tiny size on the CPU: the numbers mean nothing
#
# PYTHON names the interpreter (python3). WHEELS names a folder of wheels (wheels/) from which missing packages are
# installed. On a machine with a network and the same Python, `pip download --dest wheels .` fills it; torch may be left
# out where the machine has it. OUT names the folder for runs and data (gpu-visit/).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON=${PYTHON:-python3}
WHEELS=${WHEELS:-wheels}
OUT=${OUT:-gpu-visit}
LIMIT=470 # seconds for everything
slower=1  # factor of the limits below
if [ "${1:-}" = "--dry-run" ]; then
  device=cpu quick=(--quick) accelerator=cpu
  LIMIT=6000 slower=15 # it may be a busy machine
  lite=(--recipe smoke --dataset.train 60 --dataset.val 4 --dataset.test 4)
elif [ $# -gt 0 ]; then
  echo "usage: benchmarks/gpu_visit.sh [--dry-run]" >&2
  exit 2
else
  device=cuda quick=() accelerator=cuda
  lite=(--recipe lite)
fi
export PYTHONPATH="$PWD/src:$PWD/benchmarks${PYTHONPATH:+:$PYTHONPATH}"
failed=()

# part NAME SECONDS COMMAND...: run a part of the visit with a limit, or with what is left of the time.
part() {
  local name=$1 seconds=$(($2 * slower)) left=$((LIMIT - SECONDS))
  shift 2
  if [ "$left" -lt 5 ]; then
    echo "== $name: no time left"
    failed+=("$name")
    return
  fi
  echo "== $name (at $SECONDS s)"
  timeout "$((seconds < left ? seconds : left))" "$@" || { echo "== $name: exit status $?"; failed+=("$name"); }
}

mkdir -p "$OUT"
if [ -d "$WHEELS" ]; then
  needed=$("$PYTHON" -c 'import tomllib; print("\n".join(tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]))')
  printf '%s\npytest\npytest-timeout\n' "$needed" >"$OUT/needed.txt"
  part "packages" 90 "$PYTHON" -m pip install --quiet --no-index --find-links "$WHEELS" -r "$OUT/needed.txt"
fi

part "tests on the GPU" 100 "$PYTHON" -m pytest -q -m gpu tests/fields/cuda -p no:cacheprovider
part "agreement with float64" 80 "$PYTHON" benchmarks/gpu_agreement.py --device "$device" ${quick[@]+"${quick[@]}"}
part "training steps" 130 "$PYTHON" benchmarks/train_step.py --device "$device" --rounds 20 --batch 64 --case step \
  ${quick[@]+"${quick[@]}"}
part "evaluations" 40 "$PYTHON" benchmarks/train_step.py --device "$device" --rounds 20 --batch 64 --case evaluation \
  ${quick[@]+"${quick[@]}"}
if [ "$device" = cuda ] || [ "${TRITON_INTERPRET:-}" = 1 ]; then
  part "plans" 40 "$PYTHON" benchmarks/gpu_plans.py --device "$device" ${quick[@]+"${quick[@]}"}
fi

cd "$OUT" || exit # training makes its data and runs here
start=$SECONDS
part "a short training of tetrominoes-nwm-linear" 150 "$PYTHON" -m drumhead train tetrominoes-nwm-linear "${lite[@]}" \
  --accelerator "$accelerator" --out short
echo "== it took $((SECONDS - start)) s, with making the data"
if [ "$device" = cuda ]; then
  part "the paper's recipe, as far as time allows" 300 "$PYTHON" -m drumhead train tetrominoes-nwm-linear \
    --accelerator "$accelerator" --out paper
  tail -n 3 paper/metrics.csv
fi
echo "== done after $SECONDS s"
if [ ${#failed[@]} -gt 0 ]; then
  printf '== did not finish: %s\n' "${failed[@]}"
  [ "$device" = cuda ] || exit 1
fi
