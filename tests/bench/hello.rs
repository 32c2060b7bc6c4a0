//! What the language costs: a program that only prints a line.

fn main() {
    println!("a line");
}
