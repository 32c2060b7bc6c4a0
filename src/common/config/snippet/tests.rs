//! Where the caret stands.

use super::snippet;
use crate::config::source::{Hidden, Source};

fn drawn(text: &str, place: &str, secret: &str) -> String {
    let source = Source::new(text, "pizauth.conf");
    let at = text.find(place).unwrap();
    let secrets: Vec<_> = text
        .find(secret)
        .filter(|_| !secret.is_empty())
        .map(|at| at..at + secret.len())
        .into_iter()
        .collect();
    snippet(&source, &text[at..at + place.len()], &Hidden(secrets))
}

#[test]
fn the_caret_stands_under_the_place() {
    assert_eq!(drawn("one\ntwo three\n", "three", ""), "    two three\n        ^^^^^");
}

#[test]
fn tabs_end_at_multiples_of_eight() {
    assert_eq!(drawn("a\tb\tc", "c", ""), "    a       b       c\n                    ^");
}

#[test]
fn wide_characters_take_two_columns_and_combining_marks_none() {
    assert_eq!(drawn("日本 x", "x", ""), "    日本 x\n         ^");
    assert_eq!(drawn("e\u{301} x", "x", ""), "    e\u{301} x\n      ^");
}

#[test]
fn what_a_terminal_obeys_is_spelled_out() {
    assert_eq!(drawn("\u{1b}[0m x\r\n", "x", ""), "    <U+001B>[0m x\n                ^");
}

#[test]
fn a_place_over_several_lines_is_marked_on_its_first() {
    assert_eq!(drawn("a \"b\nc\" d", "\"b\nc\"", ""), "    a \"b\n      ^^");
}

#[test]
fn a_secret_is_one_dot_wide() {
    assert_eq!(drawn("s = \"hunter2\" x", "x", "hunter2"), "    s = \"…\" x\n            ^");
    assert_eq!(drawn("s = \"hunter2\" x", "ter", "hunter2"), "    s = \"…\" x\n         ^");
}

#[test]
fn of_a_long_line_only_the_surroundings_are_shown() {
    let text = format!("{}X{}", "a".repeat(500), "b".repeat(500));
    let drawn = drawn(&text, "X", "");
    assert!(drawn.starts_with("    …aaa") && drawn.contains("bbb…\n"), "{drawn}");
    assert!(drawn.lines().all(|line| line.chars().count() < 130), "{drawn}");
}
