//! README's picture of a terminal: what `pizauth login` and `pizauth status` really show there, but for the server's name
//! and the time of day. BLESS=1 draws it anew.

use std::fmt::Write;
use std::path::Path;

use super::read;
use crate::support::{Setup, Terminal};

const PICTURE: &str = "etc/picture.svg";
/// In the units of the picture: a character, and the distance of two lines.
const WIDTH: f32 = 8.43;
const HEIGHT: usize = 19;

#[test]
fn the_picture_in_readme_shows_what_the_programs_print() {
    let running = Setup::new().account("work", "").account("home", "").start();
    let run = |words: &[&str]| {
        Terminal::run(running.sandbox.multiplexer().args(words.iter().copied()).env("TERM", "xterm"))
    };
    let mut terminal = run(&["login", "--no-browser", "work"]);
    let url = terminal.shows("To sign in to work, open").line_with("http://");
    pizauth_test_server::browser::approve(&url).expect("the browser's way through");
    let shown = format!(
        "$ pizauth login work\n{}$ pizauth status\n{}$ ",
        terminal.everything(),
        run(&["status"]).everything()
    );
    let shown: Vec<String> = shown.lines().map(|line| steady(last_written(line))).collect();
    let picture = drawn(&shown);
    if std::env::var_os("BLESS").is_some() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        std::fs::write(root.join(PICTURE), &picture).expect("writing the picture");
    }
    assert_eq!(read(PICTURE), picture, "{PICTURE} (BLESS=1 draws it anew)");
    assert!(read("README.md").contains(&format!("]({PICTURE})")));
}

/// What stays of a line that was written over.
fn last_written(line: &str) -> &str {
    line.rsplit('\r').next().unwrap_or_default().trim_start_matches("\x1b[K")
}

/// The line as it always is: a server on loopback and the clock are others each time.
fn steady(line: &str) -> String {
    if let Some((_, query)) = line.split_once("/authorize?") {
        let beginning: Vec<&str> = query.split('&').take(2).collect();
        return format!("  https://auth.example.org/authorize?{}&…", beginning.join("&"));
    }
    let mut before = "";
    let words = line.split(' ').map(|word| {
        let shown = match before {
            "until" | "expires" => with_digits(word, "15:05"),
            "obtained" | "sign-in" => with_digits(word, "14:05"),
            "(in" => "60".to_owned(),
            _ => word.to_owned(),
        };
        before = word;
        shown
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `time` in the place of a word's, and what follows it there.
fn with_digits(word: &str, time: &str) -> String {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
    format!("{time}{rest}")
}

fn drawn(lines: &[String]) -> String {
    let columns = lines.iter().map(|line| visible(line)).max().unwrap_or_default();
    let (width, height) = (columns as f32 * WIDTH + 28.0, lines.len() * HEIGHT + 24);
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height}\" role=\"img\">\n\
         <title>pizauth login and pizauth status in a terminal</title>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"#1c1f24\"/>\n\
         <g font-family=\"monospace\" font-size=\"14\" fill=\"#d8dee9\" style=\"white-space:pre\">\n"
    );
    for (row, line) in lines.iter().enumerate() {
        let length = visible(line) as f32 * WIDTH;
        let text = coloured(line);
        let y = row * HEIGHT + 26;
        let _ = writeln!(picture, "<text x=\"14\" y=\"{y}\" textLength=\"{length:.0}\">{text}</text>");
    }
    picture + "</g>\n</svg>\n"
}

/// In characters, without what sets colours.
fn visible(line: &str) -> usize {
    line.split('\x1b').enumerate().fold(0, |sum, (piece, text)| {
        let text = if piece == 0 { text } else { text.split_once('m').map_or(text, |(_, rest)| rest) };
        sum + text.chars().count()
    })
}

fn coloured(line: &str) -> String {
    let text = line.replace('&', "&amp;").replace('<', "&lt;");
    let colours = [("\x1b[31m", "#f07178"), ("\x1b[32m", "#a3d977"), ("\x1b[33m", "#e6c07b")];
    let text = text.replace("\x1b[0m", "</tspan>");
    colours
        .iter()
        .fold(text, |text, (code, colour)| text.replace(code, &format!("<tspan fill=\"{colour}\">")))
}
