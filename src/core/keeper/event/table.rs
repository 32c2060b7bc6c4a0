//! Tables of events: what the log and its manual page know of each.

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Written always: somebody has to do something, or something was lost.
    Error,
    /// From `-v`: out of the ordinary, but mends itself.
    Warning,
    /// Written always, and no error: what somebody has asked to see, or should know of once.
    Notice,
    /// From `-vv`: the ordinary course of things.
    Info,
    /// From `-vvv`: the single steps.
    Debug,
    /// From `-vvvv`: every caller and every connection.
    Trace,
}

/// An event as the log knows it. Stable, since monitoring rules match on it: a name may be added, never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventDoc {
    /// As in `event=NAME`.
    pub name: &'static str,
    /// From which verbosity on it is written.
    pub severity: Severity,
    /// What it means, in one line.
    pub meaning: &'static str,
}

macro_rules! events {
    ($(#[$about:meta])* $of:ident $(#[$about_all:meta])* $all:ident $($severity:ident $what:ident $({ $($(#[$doc:meta])+ $field:ident: $type:ty),+ })? $name:literal $meaning:literal)*) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $of {
            $(#[doc = $meaning] $what $({ $($(#[$doc])+ $field: $type),+ })?,)*
        }

        $(#[$about_all])*
        pub const $all: &[EventDoc] = &[
            $(EventDoc { name: $name, severity: Severity::$severity, meaning: $meaning },)*
        ];

        impl $of {
            /// Its name and severity in the log.
            pub fn doc(&self) -> EventDoc {
                match self {
                    $(Self::$what { .. } =>
                        EventDoc { name: $name, severity: Severity::$severity, meaning: $meaning },)*
                }
            }
        }
    };
}
