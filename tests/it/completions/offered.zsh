# offered.zsh WORD...: what zsh offers after the words, with the completions in $COMPLETIONS. It completes only at a
# terminal, so a second zsh, which reads this too, has one here and tells every match as it is added.
if [[ -o interactive ]]; then
    fpath=($COMPLETIONS $fpath)
    autoload -Uz compinit
    compinit -u -D
    compadd() {
        # With -O, -A or -D nothing is added: completion functions sort matches out that way.
        if [[ ${argv[1,(i)--]} != *-[OAD]* ]]; then
            local -a added
            builtin compadd -A added "$@"
            print -rl -- '' "match "$^added
        fi
        builtin compadd "$@"
    }
    tell_matches() {
        zle list-choices
        print -r -- "that"" is all"
    }
    zle -N tell_matches
    bindkey '^T' tell_matches
    print -r -- "every""thing is set up"
    return
fi
zmodload zsh/zpty
zpty terminal zsh -f -i
zpty -w terminal "source ${(q)0:A}"
zpty -r terminal told '*everything is set up*'
zpty -w -n terminal "$*"$'\C-t'
zpty -r terminal told '*that is all*'
told=${told//$'\r'/}
print -rl -- ${${(M)${(f)told}:#match *}#match }
