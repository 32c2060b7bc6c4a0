#!/bin/sh
# For run.sh: how long a release takes to build: everything from nothing, and again after a change of one command.
# In a copy, so that nothing here is touched.

mkdir "$SCRATCH/copy"
git ls-files -z | xargs -0 tar cf - | tar xf - -C "$SCRATCH/copy"
# build_in_copy: its time in seconds.
build_in_copy() {
    begun=$(date +%s)
    (cd "$SCRATCH/copy" && CARGO_TARGET_DIR=$SCRATCH/copy/target cargo build --quiet --release --locked --bins -p pizauth)
    echo $(($(date +%s) - begun))
}
timed 'build of a release, cold' "$(build_in_copy)" s 120
touch "$SCRATCH/copy/src/client/show.rs"
timed 'build of a release, warm: one command changed' "$(build_in_copy)" s
