# bash completion for pizauth, pizauthd and the pizauth-* commands    -*- shell-script -*-

# The account names, one a line: from the daemon, else from the configuration file.
_pizauth_accounts() {
    pizauth status --accounts 2>/dev/null || pizauth check --accounts 2>/dev/null
}

_pizauth() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local program=${COMP_WORDS[0]##*/} command first=1
    COMPREPLY=()
    # Readline breaks words at = and at @: --config=FILE is three of them.
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi

    case $program in
        pizauth)
            if ((COMP_CWORD == 1)); then
                mapfile -t COMPREPLY < <(compgen -W \
                    "$(pizauth --list 2>/dev/null) help --list --install --help -h --version" -- "$current")
                return
            fi
            command=${COMP_WORDS[1]}
            first=2
            ;;
        pizauthd) command=server ;;
        *) command=${program#pizauth-} ;;
    esac

    local common='-v --verbose --version -h --help' options accounts=
    case $command in
        show | refresh) options="-u --exclude-url $common" accounts=yes ;;
        revoke) options=$common accounts=yes ;;
        dump | restore | reload | shutdown) options=$common ;;
        status) options="-j --json --accounts $common" ;;
        info) options="-j --json -c --config $common" ;;
        check) options="-c --config --accounts $common" ;;
        server) options="-c --config -d --debug --check --syslog --ready-fd $common" ;;
        help) mapfile -t COMPREPLY < <(compgen -W "$(pizauth --list 2>/dev/null)" -- "$current") && return ;;
        --install) mapfile -t COMPREPLY < <(compgen -d -- "$current") && return ;;
        *) return ;;
    esac

    case $previous in
        -c | --config)
            case $command in
                info | check | server)
                    compopt -o filenames 2>/dev/null
                    mapfile -t COMPREPLY < <(compgen -f -- "$current")
                    return
                    ;;
            esac
            ;;
        --ready-fd) return ;;
    esac

    local word literal=
    for word in "${COMP_WORDS[@]:first:COMP_CWORD - first}"; do
        if [[ $word == -- ]]; then literal=yes; fi
    done
    if [[ $current == -* && -z $literal ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    elif [[ $accounts ]]; then
        # The whole argument so far, and what of it lies before the last break: that is not to be repeated.
        local line=${COMP_LINE:0:COMP_POINT} argument before name typed
        argument=${line##* }
        if ((${#argument} < ${#2})); then argument=$2; fi
        before=${argument%"$2"}
        # What has been typed may be quoted or escaped; the names are not.
        typed=${argument//\\/}
        typed=${typed#[\"\']}
        while IFS= read -r name; do
            if [[ $name == "$typed"* ]]; then
                printf -v name '%q' "$name"
                COMPREPLY+=("${name#"$before"}")
            fi
        done < <(_pizauth_accounts)
    fi
}

complete -F _pizauth pizauth pizauthd pizauth-show pizauth-refresh pizauth-revoke pizauth-dump \
    pizauth-restore pizauth-reload pizauth-status pizauth-info pizauth-check pizauth-shutdown
