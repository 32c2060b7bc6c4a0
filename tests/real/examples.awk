# The examples that a manual page prints: its literal displays, numbered below each heading.
#   awk -v page=PAGE -f examples.awk FILE                          each one's place: PAGE HEADING NUMBER, with tabs between
#   awk -v page=PAGE -v heading=H -v number=N -f examples.awk FILE    the text of that one, as it is rendered
# Among the places there are no configurations and no messages: `cargo test` checks those.

function begin() { place = page "\t" here "\t" ++seen; is_other = 0; is_wanted = here == heading && seen == number }
function end() { if (heading == "" && !is_other) print place }
function take(line) {
    gsub(/\\e/, "\\", line)
    gsub(/\\\(dq/, "\"", line)
    gsub(/\\\[u2026\]/, "…", line)
    if (line ~ /^ *\{/ || line ~ /^00 / || line ~ /^ *account "[^"]*" \{$/ || line ~ /^ *[a-z_]+ = .*;$/) is_other = 1
    if (is_wanted) print line
}

sub(/^\.S[hs] (\\&)?/, "") { here = $0; seen = 0; next }
/^\.Bd -literal/ { begin(); is_text = 1; next }
/^\.Ed/ { if (is_text) end(); is_text = 0; next }
is_text { take($0) }
sub(/^\.Dl /, "") { begin(); take($0); end() }
