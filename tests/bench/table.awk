# table.awk: the rows as a table or as JSON. WHAT, MEASURED, UNIT, LIMIT, GOAL; the status is 1 if one is over its limit.

function verdict() { return $4 == "" ? "" : ($2 + 0 <= $4 + 0 ? "ok" : "OVER") }

function field(name, value) {
    if (value == "") return ""
    return sprintf(value ~ /^[0-9.]+$/ ? ",\"%s\":%s" : ",\"%s\":\"%s\"", name, value)
}

BEGIN { if (format == "text") printf "%-58s %12s %-4s %12s\n", "what", "measured", "", "at most" }

{
    over += verdict() == "OVER"
    json = json sprintf("%s{\"what\":\"%s\",\"measured\":%s,\"unit\":\"%s\"%s%s%s}", NR > 1 ? "," : "", $1, $2, $3,
        field("at_most", $4), field("goal", $5), $4 == "" ? "" : ",\"verdict\":\"" tolower(verdict()) "\"")
    limit = $5 == "" ? $4 : "(" $5 ")"
    if (format == "text") printf "%-58s %12s %-4s %12s %s\n", $1, $2, $3, limit, verdict()
}

END {
    if (format == "json") printf "{\"rows\":[%s],\"over\":%d}\n", json, over
    exit over > 0
}
