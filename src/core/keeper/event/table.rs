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

/// Makes an enum of events, and a constant that holds them all, from a table: severity, variant, name and meaning.
#[macro_export]
macro_rules! event_table {
    (
        $(#[$about:meta])* $visibility:vis $of:ident
        $(#[$about_all:meta])* $all:ident
        $(
            $severity:ident $what:ident $({ $($(#[$doc:meta])+ $field:ident: $type:ty),+ })?
            $name:literal $meaning:literal
        )*
    ) => {
        $(#[$about])*
        $visibility enum $of {
            $(#[doc = $meaning] $what $({ $($(#[$doc])+ $field: $type),+ })?,)*
        }

        $(#[$about_all])*
        $visibility const $all: &[$crate::keeper::EventDoc] = &[
            $($crate::keeper::EventDoc {
                name: $name,
                severity: $crate::keeper::Severity::$severity,
                meaning: $meaning,
            },)*
        ];

        impl $of {
            /// Its name and severity in the log.
            $visibility fn doc(&self) -> $crate::keeper::EventDoc {
                match self {
                    $(Self::$what { .. } => $crate::keeper::EventDoc {
                        name: $name,
                        severity: $crate::keeper::Severity::$severity,
                        meaning: $meaning,
                    },)*
                }
            }
        }
    };
}
