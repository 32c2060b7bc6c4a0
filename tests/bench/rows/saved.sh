#!/bin/sh
# For run.sh: what it costs to keep tokens over a restart. The server here replaces refresh tokens.
# shellcheck disable=SC2034 # scene.sh uses agent_options

unset XDG_STATE_HOME
cc -O2 -o "$SCRATCH/processor_time" tests/bench/processor_time.c
"$RELEASE/pizauth-test-server" --rotate >"$SCRATCH/rotating.log" &
scene_pids="$scene_pids $!"
wait_until 'the rotating server starts' grep -q '^issuer ' "$SCRATCH/rotating.log"
usual_issuer=$issuer
issuer=$(sed -n 's/^issuer //p' "$SCRATCH/rotating.log")

file_of() { echo "$SCRATCH/$1/.local/state/pizauth/tokens"; }
inode_of() { stat -c %i "$(file_of "$1")"; }
replaced() { [ "$2" != "$(inode_of "$1")" ]; }

# start_saving NAME COUNT ENCRYPT DECRYPT: as start_agent, with filters; returns when there is nothing left to save.
start_saving() {
    agent_options="state_encrypt_cmd = \"$3\"; state_decrypt_cmd = \"$4\";"
    start_agent "$1" "$2"
    agent_options=
    wait_until "$1 saves" test -e "$(file_of "$1")"
    before=
    until [ "$before" = "$(inode_of "$1")" ]; do
        before=$(inode_of "$1")
        sleep 2
    done
}

# It does not encrypt, but no dump lies in what it writes: age is not on every machine.
with_tr() {
    start_saving "$1" "$2" "LC_ALL=C tr '\\\\000-\\\\377' '\\\\001-\\\\377\\\\000'" \
        "LC_ALL=C tr '\\\\001-\\\\377\\\\000' '\\\\000-\\\\377'"
}

# --- nothing has changed

with_tr saved-five 5
wake_ups saved-five >"$SCRATCH/saved-five/wake-ups"
written=$(inode_of saved-five)
sleep "$WATCH_SECONDS"
row "idle, 5 accounts saved: wake-ups in $WATCH_SECONDS s" \
    "$(($(wake_ups saved-five) - $(cat "$SCRATCH/saved-five/wake-ups")))" '' 0
row 'idle, 5 accounts saved: files written' "$(replaced saved-five "$written" && echo 1 || echo 0)" '' 0

# --- one of many rotates: what the daemon itself has to do for the save, of a dump

processor_time() { "$SCRATCH/processor_time" "$(pid_of "$1")"; }
refresh_one() { PIZAUTH_SOCKET=$(socket_of "$1") "$RELEASE/pizauth-refresh" --wait 20s "$2"; }

# spent NAME STEP COMMAND...: a line with what the command costs the agent.
spent() {
    agent=$1 step=$2
    shift 2
    was=$(processor_time "$agent")
    "$@"
    echo "$step $was $(processor_time "$agent")"
}

refresh_and_save() {
    written=$(inode_of saved-many)
    refresh_one saved-many "$1"
    wait_until "$1 is saved" replaced saved-many "$written"
    # The writing thread has said so, and the loop has heard of it.
    sleep 0.1
}

dump_all() { PIZAUTH_SOCKET=$(socket_of saved-many) "$RELEASE/pizauth-dump" >"$SCRATCH/saved-many/dump"; }

with_tr saved-many "$MANY"
start_agent unsaved-many "$MANY"
for number in $(seq $((ROUNDS / 30))); do
    spent saved-many save refresh_and_save "a$number"
    spent unsaved-many refresh refresh_one unsaved-many "a$number"
    spent saved-many dump dump_all
done >"$SCRATCH/spent"
# mean STEP: in microseconds.
mean() { awk -v step="$1" '$1 == step { sum += $3 - $2; n++ } END { printf "%.1f", sum / n }' "$SCRATCH/spent"; }
save=$(echo "$(mean save) $(mean refresh)" | awk '{ print $1 - $2 }')
timed "$MANY accounts: a save, processor time of the daemon" "$(quotient "$save" 1000)" ms
timed "$MANY accounts: a dump, processor time of the daemon" "$(quotient "$(mean dump)" 1000)" ms
# With few of them what a child and two threads cost is most of it.
limit=1.5
[ "$MANY" -ge 5000 ] || limit=
row "$MANY accounts: a save, of that of a dump" "$(quotient "$save" "$(mean dump)")" '' "$limit"

# --- from the answer with another refresh token to the file, with age

if command -v age >/dev/null; then
    age-keygen -o "$SCRATCH/age.key" 2>/dev/null
    encrypt="age -e -r $(age-keygen -y "$SCRATCH/age.key")"
    start_saving saved-age $((ROUNDS / 10)) "$encrypt" "age -d -i $SCRATCH/age.key"
    PIZAUTH_SOCKET=$(socket_of saved-age) "$RELEASE/pizauth-dump" >"$SCRATCH/saved-age/dump"
    load saves $((ROUNDS / 5)) "$(socket_of saved-age)" "$(file_of saved-age)" "$SCRATCH/saved-age/dump" "$encrypt" \
        >"$SCRATCH/times"
    timed 'saved with age: from the answer to the file, median' "$(quotient "$(median 1)" 1000)" ms 60
    timed 'age alone on the same bytes, median' "$(quotient "$(median 2)" 1000)" ms
    row 'saved with age, of age alone' "$(quotient "$(median 1)" "$(median 2)")" '' 1.5
else
    echo 'bench: no age, and so no rows about saving with it' >&2
fi
issuer=$usual_issuer
