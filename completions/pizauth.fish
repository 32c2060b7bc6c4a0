# fish completion for pizauth, pizauthd and the pizauth-* commands

# The account names, one a line: from the daemon, else from the configuration file.
function __pizauth_accounts
    pizauth status --accounts 2>/dev/null; or pizauth check --accounts 2>/dev/null
end

# True when the command of the line is one of the arguments: pizauth-show, or pizauth show.
function __pizauth_command
    set -l words (commandline -opc)
    set -l program (string replace -r '.*/' '' -- $words[1])
    switch $program
        case pizauth
            set -q words[2]; and contains -- $words[2] $argv
        case pizauthd
            contains -- server $argv
        case '*'
            contains -- (string replace pizauth- '' -- $program) $argv
    end
end

# True while the command itself is still to be typed.
function __pizauth_no_command
    set -l words (commandline -opc)
    test (count $words) -eq 1; and string match -qr '(^|/)pizauth$' -- $words[1]
end

set -l commands show refresh revoke dump restore reload status info check shutdown
set -l programs pizauth pizauthd pizauth-$commands

for program in $programs
    complete -c $program -f

    for options in \
        "show refresh/-s u -l exclude-url/Do not print the authorization URL" \
        "status info/-s j -l json/Print JSON" \
        "status check/-l accounts/Print only the account names" \
        "info check server/-s c -l config -r -F/Configuration file" \
        "server/-s d -l debug/Stay in the foreground" \
        "server/-l check/Only validate the configuration file" \
        "server/-l syslog/Log to syslog" \
        "server/-l ready-fd -x/Descriptor that is told when the daemon is ready" \
        "$commands server/-s v -l verbose/Say more" \
        "$commands server/-l version/Print the version" \
        "$commands server/-s h -l help/Display usage information"
        set -l parts (string split / -- $options)
        complete -c $program -n "__pizauth_command $parts[1]" (string split ' ' -- $parts[2]) -d $parts[3]
    end
    complete -c $program -n "__pizauth_command show refresh revoke" -a "(__pizauth_accounts)" -d Account
end

complete -c pizauth -n __pizauth_no_command -a "(pizauth --list 2>/dev/null)"
complete -c pizauth -n __pizauth_no_command -a help -d "Help for a command"
complete -c pizauth -n __pizauth_no_command -l list -d "Print the names of the commands"
complete -c pizauth -n __pizauth_no_command -l install -x -a "(__fish_complete_directories)" -d "Make symlinks in a directory"
complete -c pizauth -n __pizauth_no_command -l version -d "Print the version"
complete -c pizauth -n __pizauth_no_command -s h -l help -d "Display usage information"
complete -c pizauth -n "__pizauth_command help" -a "(pizauth --list 2>/dev/null)"
