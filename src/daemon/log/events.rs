//! The table of the daemon's own events, beside those of accounts: their names, severities and meanings. Stable, since
//! monitoring rules match on them: a name may be added, never changed. `pizauthd(8)` lists them under LOG EVENTS, which
//! a test compares.

pizauth_core::event_table! {
    /// What there is to say of the daemon itself.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) What
    /// Every kind of event of the daemon itself, in the order of the manual page.
    EVENTS

    Error StartFailed "start_failed" "the daemon could not start"
    Error ReloadFailed "reload_failed" "the configuration could not be read again: the old one stays"
    Error ListenerFailed "listener_failed"
        "a redirect listener cannot listen; where its port is taken, that is tried again"
    Error SocketFailed "socket_failed" "the command socket was lost and cannot be made again, or accepts no callers"
    Error HookNotStarted "hook_not_started" "a hook could not be started"
    Error HookFailed "hook_failed" "a hook has ended with a failure"
    Error HookTimedOut "hook_timed_out" "a hook took longer than it may, and was ended where it has a limit"
    Error StateLoadFailed "state_load_failed" "saved tokens could not be read: nothing is saved over them"
    Error StateSaveFailed "state_save_failed" "tokens could not be saved: what was saved before is still there"
    Error WorkerPanicked "worker_panicked" "a bug: one job has failed, everything else goes on"
    Error WorkerStuck "worker_stuck" "a token request did not come back in time and was given up"
    Error InternalError "internal_error" "the system refused what it has no reason to refuse"
    Error LinesDropped "lines_dropped" "the reader of the log was stuck: so many lines were lost"
    Notice Status "status" "the state of one account, after the signal USR1"
    Notice StateSkipped "state_skipped" "saved tokens of an account were not taken"
    Notice StateWaits "state_waits" "a command that reads saved tokens takes long: it may wait for a passphrase"
    Notice HookOutput "hook_output" "a line that a hook has written"
    Warning ConfigWarning "config_warning" "the configuration holds something doubtful"
    Warning RedirectRefused "redirect_refused"
        "a request to the redirect listener was refused; one line a second at most"
    Warning PeerUnchecked "peer_unchecked" "the owner of browser connections cannot be found out on this machine"
    Warning ListenerDegraded "listener_degraded" "a redirect listener does with less than it would like"
    Warning CallerRefused "caller_refused" "a caller on the command socket was refused"
    Warning SocketRebound "socket_rebound" "the command socket had been removed and was made again"
    Warning SocketPlaceUnsuitable "socket_place_unsuitable"
        "a place for the command socket does not suit: the next one is taken"
    Warning ReadinessFailed "readiness_failed" "the supervisor could not be told"
    Info Starting "starting" "the daemon starts"
    Info Ready "ready" "commands are accepted, and startup_cmd has ended or a minute has passed"
    Info Stopping "stopping" "the daemon has been asked to stop"
    Info Stopped "stopped" "the daemon ends"
    Info Reloaded "reloaded" "the configuration was read again"
    Info StateLoaded "state_loaded" "saved tokens were read"
    Info StateSaved "state_saved" "tokens were saved"
    Info Dumped "dumped" "the token state was handed to a caller"
    Info TokenForwarded "token_forwarded" "an access token was shown at the extra socket"
    Info Listening "listening" "the command socket or a redirect listener accepts connections"
    Debug HookStarted "hook_started" "a hook was started"
    Debug HookEnded "hook_ended" "a hook has ended"
    Trace Call "call" "a caller asked for something"
    Trace Connection "connection" "a connection to a redirect listener"
}
