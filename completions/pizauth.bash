# bash completion for pizauth, pizauthd and the pizauth-* commands    -*- shell-script -*-

_pizauth_programs='pizauth pizauth-login pizauth-show pizauth-refresh pizauth-status pizauth-revoke pizauth-dump pizauth-restore pizauth-import pizauth-reload pizauth-info pizauth-check pizauth-setup pizauth-shutdown pizauthd'

# $1: a command. Sets its options, which of them take a file or another value, and its argument.
_pizauth_describe() {
    options='' files='' values='' positional=''
    case $1 in
        pizauth) options='--list --install -h --help --version' values='--install' ;;
        login) options='--browser --no-browser --paste --device --qr --timeout -v --verbose --version -h --help' values='--timeout' positional='account' ;;
        show) options='--wait --min-valid --format -u --exclude-url -v --verbose --version -h --help' values='--wait --min-valid --format' positional='account' ;;
        refresh) options='--wait -u --exclude-url -v --verbose --version -h --help' values='--wait' positional='account' ;;
        status) options='--check -j --json --accounts -v --verbose --version -h --help' positional='account' ;;
        revoke) options='--remote -v --verbose --version -h --help' positional='account' ;;
        dump) options='-v --verbose --version -h --help' ;;
        restore) options='-v --verbose --version -h --help' ;;
        import) options='-n --dry-run --pick -v --verbose --version -h --help' values='--pick' positional='account' ;;
        git-credential) options='-v --verbose --version -h --help' positional='account' ;;
        reload) options='-v --verbose --version -h --help' ;;
        info) options='-j --json -c --config -v --verbose --version -h --help' files='-c --config' ;;
        check) options='-c --config --accounts --print -v --verbose --version -h --help' files='-c --config' values='--print' ;;
        setup) options='--provider --issuer --endpoints --scopes --name --tenant --client-id --client-secret-cmd --user -c --config -y --yes -v --verbose --version -h --help' files='-c --config' values='--provider --issuer --endpoints --scopes --name --tenant --client-id --client-secret-cmd --user' positional='address' ;;
        shutdown) options='-v --verbose --version -h --help' ;;
        server) options='-c --config -d --debug -v --verbose --check --syslog --ready-fd --discover --register --scope --version -h --help' files='-c --config' values='--ready-fd --discover --register --scope' ;;
        *) return 1 ;;
    esac
}

# All above is made by tests/it/documentation/completions.rs: BLESS=1 cargo test completions

# The account names, one a line: from the daemon, else from the configuration file.
_pizauth_accounts() {
    pizauth status --accounts 2>/dev/null || pizauth check --accounts 2>/dev/null
}

_pizauth() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local program=${COMP_WORDS[0]##*/} command first=1 options files values positional
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
                _pizauth_describe pizauth
                mapfile -t COMPREPLY < <(compgen -W "$(pizauth --list 2>/dev/null) help $options" -- "$current")
                return
            fi
            command=${COMP_WORDS[1]}
            first=2
            ;;
        pizauthd) command=server ;;
        *) command=${program#pizauth-} ;;
    esac

    case $command in
        help) mapfile -t COMPREPLY < <(compgen -W "$(pizauth --list 2>/dev/null)" -- "$current") && return ;;
        --install) mapfile -t COMPREPLY < <(compgen -d -- "$current") && return ;;
    esac
    _pizauth_describe "$command" || return

    if [[ " $files " == *" $previous "* ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    elif [[ " $values " == *" $previous "* ]]; then
        return
    fi

    local word literal=
    for word in "${COMP_WORDS[@]:first:COMP_CWORD - first}"; do
        if [[ $word == -- ]]; then literal=yes; fi
    done
    if [[ $current == -* && -z $literal ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
    elif [[ $positional == account ]]; then
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

# shellcheck disable=SC2086 # names, each of them a word
complete -F _pizauth $_pizauth_programs
