//! Values that a message leaves out: a reader without the field takes them for granted.

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
pub(super) fn is_false(flag: &bool) -> bool {
    !flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it")]
pub(super) fn is_zero(seconds: &u64) -> bool {
    *seconds == 0
}
