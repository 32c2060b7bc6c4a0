# fish completion for pizauth, pizauthd and the pizauth-* commands

set -g __pizauth_programs pizauth pizauth-login pizauth-show pizauth-refresh pizauth-status pizauth-revoke pizauth-dump pizauth-restore pizauth-import pizauth-reload pizauth-info pizauth-check pizauth-setup pizauth-shutdown pizauthd

function __pizauth_describe
    __pizauth_complete 'pizauth' -l list -d 'print the names of the commands, one a line'
    __pizauth_complete 'pizauth' -l install -x -a '(__fish_complete_directories)' -d 'make symlinks to it in DIR: pizauth-show, pizauthd, ...'
    __pizauth_complete 'pizauth login show refresh status revoke dump restore import git-credential reload info check setup shutdown server' -s h -l help -d 'display usage information'
    __pizauth_complete 'pizauth login show refresh status revoke dump restore import git-credential reload info check setup shutdown server' -l version -d 'print the version'
    __pizauth_complete 'login' -l browser -d 'sign in with a browser, whatever the configuration says'
    __pizauth_complete 'login' -l no-browser -d 'print the URL only'
    __pizauth_complete 'login' -l paste -d 'with a browser elsewhere, and paste where it ends'
    __pizauth_complete 'login' -l device -d 'on another device, by typing a code there'
    __pizauth_complete 'login' -l qr -d 'with --device: show the address as a QR code, too'
    __pizauth_complete 'login' -l timeout -x -d 'wait so long, for example 5m'
    __pizauth_complete 'login show refresh status revoke dump restore import git-credential reload info check setup shutdown' -s v -l verbose -d 'accepted everywhere; changes nothing here'
    __pizauth_complete 'login show refresh status revoke import git-credential' -a '(__pizauth_accounts)' -d account
    __pizauth_complete 'show' -l wait -x -d 'wait so long for it, for example 30s'
    __pizauth_complete 'show' -l min-valid -x -d 'one that is valid for so long'
    __pizauth_complete 'show' -l format -x -d 'give it as bearer, header, xoauth2, ...'
    __pizauth_complete 'show refresh' -s u -l exclude-url -d 'do not print the authorization URL and code'
    __pizauth_complete 'refresh' -l wait -x -d 'wait so long for the new one, for example 30s'
    __pizauth_complete 'status' -l check -d 'tell by the exit status whether all is well'
    __pizauth_complete 'status' -s j -l json -d 'as JSON, times in seconds since 1970'
    __pizauth_complete 'status' -l accounts -d 'only the names, one a line'
    __pizauth_complete 'revoke' -l remote -d 'have the server revoke them first; if it does not, nothing is forgotten'
    __pizauth_complete 'import' -s n -l dry-run -d 'only say what would be taken'
    __pizauth_complete 'import' -l pick -x -d 'of several that fit: the one with this in its name'
    __pizauth_complete 'info' -s j -l json -d 'as JSON'
    __pizauth_complete 'info' -s c -l config -r -F -d 'this configuration file, not the user\'s own'
    __pizauth_complete 'check' -s c -l config -r -F -d 'this file, not the user\'s own'
    __pizauth_complete 'check' -l accounts -d 'print the names of its accounts, one a line'
    __pizauth_complete 'check' -l print -x -d 'print this account with its defaults, without secrets'
    __pizauth_complete 'setup' -l provider -x -d 'who runs it: google, microsoft, fastmail, ...'
    __pizauth_complete 'setup' -l issuer -x -d 'an issuer: what the server of another provider calls itself'
    __pizauth_complete 'setup' -l endpoints -x -d 'its "AUTH_URI TOKEN_URI", if it is not to be asked'
    __pizauth_complete 'setup' -l scopes -x -d 'what to ask for, separated by blanks'
    __pizauth_complete 'setup' -l name -x -d 'the name of the account'
    __pizauth_complete 'setup' -l tenant -x -d 'the tenant at Microsoft'
    __pizauth_complete 'setup' -l client-id -x -d 'the client identifier'
    __pizauth_complete 'setup' -l client-secret-cmd -x -d 'a command that prints the secret of the client'
    __pizauth_complete 'setup' -l user -x -d 'the user of the mailbox, if it is not the address'
    __pizauth_complete 'setup' -s c -l config -r -F -d 'add to this file, not to the user\'s own'
    __pizauth_complete 'setup' -s y -l yes -d 'agree to everything that is suggested'
    __pizauth_complete 'setup' -a '(__pizauth_addresss)' -d address
    __pizauth_complete 'server' -s c -l config -r -F -d 'configuration file (default: pizauth.conf in $XDG_CONFIG_HOME or ~/.config)'
    __pizauth_complete 'server' -s d -l debug -d 'stay in the foreground, and log to stderr'
    __pizauth_complete 'server' -s v -l verbose -d 'log more; up to -vvvv'
    __pizauth_complete 'server' -l check -d 'only check the configuration'
    __pizauth_complete 'server' -l syslog -d 'log to syslog, also in the foreground'
    __pizauth_complete 'server' -l ready-fd -x -d 'write a line to this descriptor when ready'
    __pizauth_complete 'server' -l discover -x -d 'print what an issuer says of itself (RFC 8414), and end'
    __pizauth_complete 'server' -l register -x -d 'register a client at an issuer (RFC 7591), print it, and end'
    __pizauth_complete 'server' -l scope -x -d 'with --register: what it will ask for, separated by blanks'
end

# All above is made by tests/it/documentation/completions.rs: BLESS=1 cargo test completions

# The account names, one a line: from the daemon, else from the configuration file.
function __pizauth_accounts
    pizauth status --accounts 2>/dev/null; or pizauth check --accounts 2>/dev/null
end

# True when the command of the line is one of the arguments: pizauth-show, or pizauth show; it is pizauth while none has
# been typed.
function __pizauth_command
    set -l words (commandline -opc)
    set -l program (string replace -r '.*/' '' -- $words[1])
    switch $program
        case pizauth
            set -q words[2]; or set words[2] pizauth
            contains -- $words[2] $argv
        case pizauthd
            contains -- server $argv
        case '*'
            contains -- (string replace pizauth- '' -- $program) $argv
    end
end

# $argv[1]: commands; then what fish completes after them.
function __pizauth_complete
    for program in $__pizauth_programs
        complete -c $program -n "__pizauth_command $argv[1]" $argv[2..]
    end
end

for program in $__pizauth_programs
    complete -c $program -f
end
__pizauth_describe
complete -c pizauth -n "__pizauth_command pizauth help" -a "(pizauth --list 2>/dev/null)"
complete -c pizauth -n "__pizauth_command pizauth" -a help -d "Help for a command"
