//! Browsers of other users of this machine, refused unless `redirect_peer` says otherwise.

use super::{approved_query, start, state_of, visit};
use crate::support::{Door, OTHER_UID, as_another_user, can_become_another_user};

#[test]
fn a_browser_of_another_user_is_refused_with_a_page_and_a_line_that_name_the_remedy() {
    if !can_become_another_user("a browser of another user") {
        return;
    }
    let running = start("");
    let doors = [("work", Door::http(&running.sandbox)), ("tls", Door::https(&running.sandbox))];
    for (account, door) in doors {
        let request = visit(&door, &approved_query(&running, account));
        let answer = as_another_user(|| door.ask(&request));
        assert_eq!(answer.status(), Some(403), "{answer:?}");
        assert!(answer.body().contains("redirect_peer = &quot;any&quot;"), "{answer:?}");
        assert_eq!(state_of(&running, account), "pending");
        assert_eq!(door.ask(&request).status(), Some(200), "our own browser may use it still");
    }
    let uid = format!("uid {OTHER_UID}");
    running.daemon.wait_for_log(&["redirect_refused", &uid, "redirect_peer"]);
}

#[test]
fn redirect_peer_any_lets_every_user_in() {
    if !can_become_another_user("a browser of another user that is let in") {
        return;
    }
    let running = start("redirect_peer = \"any\";");
    let door = Door::http(&running.sandbox);
    let request = visit(&door, &approved_query(&running, "work"));
    let answer = as_another_user(|| door.ask(&request));
    assert!(answer.body().contains("signed in: work"), "{answer:?}");
}

#[test]
fn a_reload_turns_the_check_off_and_on() {
    if !can_become_another_user("a reload that changes redirect_peer") {
        return;
    }
    let running = start("");
    let door = Door::http(&running.sandbox);
    let checked = std::fs::read_to_string(running.sandbox.config_file()).unwrap();
    let unchecked = format!("redirect_peer = \"any\";\n{checked}");
    for (config, status) in [(&checked, 403), (&unchecked, 400), (&checked, 403)] {
        running.sandbox.write_config(config);
        running.sandbox.applet("reload").run().exits(0);
        // Accepted by whoever follows the new plan: our own visit comes after it.
        door.ask(visit(&door, ""));
        assert_eq!(as_another_user(|| door.ask(visit(&door, ""))).status(), Some(status));
    }
}
