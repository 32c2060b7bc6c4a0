use super::*;

const WIDE: Screen = Screen { columns: Some(80), has_utf8: true };

/// The squares of a picture, row by row.
fn squares(picture: &str) -> Vec<Vec<bool>> {
    let rows = picture.lines().flat_map(|line| {
        let line = line.strip_prefix(BLACK_ON_WHITE).and_then(|line| line.strip_suffix(AS_BEFORE));
        let line = line.expect("black on white, and as before");
        let row = |black: [char; 2]| line.chars().map(|c| black.contains(&c)).collect();
        [row(['█', '▀']), row(['█', '▄'])]
    });
    rows.collect()
}

#[test]
fn two_rows_of_squares_are_a_line_and_white_is_around_them() {
    // # #
    //  ##
    // ##
    let black = [(0, 0), (2, 0), (1, 1), (2, 1), (0, 2), (1, 2)];
    let lines = ["       ", "  ▀▄█  ", "  ▀▀   ", "       "];
    let expected: String = lines.iter().map(|line| format!("\x1b[0;30;47m{line}\x1b[0m\n")).collect();
    assert_eq!(drawn(3, |x, y| black.contains(&(x, y))), expected);
}

#[test]
fn every_square_of_the_code_is_in_the_picture() {
    let text = "https://as.example/device?user_code=ABCD-EFGH";
    let code = QrCode::encode_text(text, QrCodeEcc::Low).expect("a code");
    let squares = squares(&picture(text, WIDE).expect("a picture"));
    let side = code.size() + 4;
    for (y, x) in (0..side).flat_map(|y| (0..side).map(move |x| (y, x))) {
        let at = |place: i32| usize::try_from(place).expect("a place");
        assert_eq!(squares[at(y)][at(x)], code.get_module(x - 2, y - 2), "{x}, {y}");
    }
    assert!(squares.iter().all(|row| row.len() == usize::try_from(side).expect("a side")));
}

#[test]
fn where_it_cannot_be_seen_it_is_told_why() {
    let text = "https://as.example/device";
    let wanted = 29;
    let fits = |columns| picture(text, Screen { columns, has_utf8: true }).map(|_| ());
    assert_eq!(fits(Some(wanted)), Ok(()));
    assert_eq!(fits(None), Ok(()));
    assert_eq!(fits(Some(wanted - 1)), Err(NoPicture::TooNarrow { columns: wanted - 1, wanted }));
    assert_eq!(picture(text, Screen { has_utf8: false, ..WIDE }), Err(NoPicture::NoUtf8));
    assert_eq!(picture(&"x".repeat(4096), WIDE), Err(NoPicture::TooLong));
}
