//! Walks the assignments of a block over a table of options: unknown names, duplicates, misplaced ones.

use crate::config::problems::Problems;
use crate::config::syntax::{Assignment, Value};
use crate::near_miss::nearest;

/// One row of a table: what an option is called and where its value goes.
pub(super) struct Rule<D> {
    pub(super) name: &'static str,
    /// The option that this one is another name of, or itself: both together may stand once.
    pub(super) stands_for: &'static str,
    /// Converts the value, reports what is wrong with it, stores it in the draft.
    pub(super) read: for<'a> fn(&mut D, &Given<'_, 'a>, &mut Problems<'a>),
}

impl<D> Rule<D> {
    pub(super) const fn new(
        name: &'static str,
        read: for<'a> fn(&mut D, &Given<'_, 'a>, &mut Problems<'a>),
    ) -> Self {
        Self { name, stands_for: name, read }
    }
}

/// An option with a value that could be read.
pub(super) struct Given<'t, 'a> {
    pub(super) name: &'a str,
    pub(super) value: &'t Value<'a>,
}

/// Which options a block has, whatever became of their values.
pub(super) struct Seen<'t, 'a>(Vec<(&'static str, &'t Assignment<'a>)>);

impl<'t, 'a> Seen<'t, 'a> {
    /// The assignment of the option called `name` in the table.
    pub(super) fn get(&self, name: &str) -> Option<&'t Assignment<'a>> {
        self.0.iter().find(|(seen, _)| *seen == name).map(|(_, assignment)| *assignment)
    }

    /// Where to point for a complaint about its value.
    pub(super) fn place(&self, name: &str) -> Option<&'a str> {
        let given = self.get(name)?;
        Some(given.value.as_ref().map_or(given.name, Value::place))
    }
}

impl<'a> Seen<'_, 'a> {
    /// Reports `option` where it stands without `other`, which it needs.
    pub(super) fn report_without(&self, option: &str, other: &str, why: &str, problems: &mut Problems<'a>) {
        if let (Some(place), None) = (self.place(option), self.get(other)) {
            problems.error(place, why);
        }
    }
}

/// The other kind of block, for options that stand in the wrong one.
pub(super) struct Elsewhere {
    pub(super) names: fn() -> Vec<&'static str>,
    pub(super) message: &'static str,
}

/// Fills `draft` from `assignments` by `rules`.
pub(super) fn read<'t, 'a, D>(
    rules: &[Rule<D>],
    elsewhere: &Elsewhere,
    draft: &mut D,
    assignments: impl IntoIterator<Item = &'t Assignment<'a>>,
    problems: &mut Problems<'a>,
) -> Seen<'t, 'a> {
    let mut seen = Seen(Vec::new());
    for assignment in assignments {
        let Some(rule) = rules.iter().find(|rule| rule.name == assignment.name) else {
            unknown(assignment.name, rules, elsewhere, problems);
            continue;
        };
        if let Some(first) = seen.get(rule.stands_for) {
            duplicate(assignment.name, first.name, problems);
            continue;
        }
        seen.0.push((rule.stands_for, assignment));
        if let Some(value) = &assignment.value {
            (rule.read)(draft, &Given { name: assignment.name, value }, problems);
        }
    }
    seen
}

fn duplicate<'a>(name: &'a str, first: &str, problems: &mut Problems<'a>) {
    let message = if name == first {
        format!("'{name}' stands here a second time")
    } else {
        format!("'{name}' is another name of '{first}', which has been given already")
    };
    problems.error(name, message);
}

fn unknown<'a, D>(name: &'a str, rules: &[Rule<D>], elsewhere: &Elsewhere, problems: &mut Problems<'a>) {
    if problems.is_full() {
        problems.error(name, "unknown option");
        return;
    }
    let others = (elsewhere.names)();
    if others.contains(&name) {
        problems.error(name, format!("'{name}' {}", elsewhere.message));
        return;
    }
    let names: Vec<_> = rules.iter().map(|rule| rule.name).chain(others).collect();
    let help = nearest(name, &names).map(|meant| format!("did you mean '{meant}'?"));
    let shown: String = problems.show(name).chars().take(60).collect();
    problems.error_with_help(name, format!("unknown option '{shown}'"), help);
}
