# sbom.jq: a CycloneDX 1.5 list of what is linked into a release, from lines of
# cargo tree --prefix none --no-dedupe --edges normal,no-proc-macro --format '{p}|{l}', read with --raw-input --slurp.
# Needs --arg version and --arg system (the target whose dependencies count).

def licenses: if . == "" then [] else [{expression: gsub("/"; " OR ")}] end;

[split("\n")[] | select(. != "") | capture("^(?<name>[^ ]+) v(?<version>[^ |]+)(?<place>[^|]*)\\|(?<license>.*)$")]
| {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
        component: {
            type: "application", name: "pizauth", version: $version,
            licenses: (.[] | select(.name == "pizauth") | .license | licenses),
            properties: [{name: "target", value: $system}],
        },
    },
    components: (
        # Our own crates are the application.
        map(select(.name | startswith("pizauth") | not)) | unique_by([.name, .version]) | map(
            "pkg:cargo/\(.name)@\(.version)" as $purl
            | {type: "library", "bom-ref": $purl, name, version, purl: $purl, licenses: (.license | licenses)}
        )
    ),
}
