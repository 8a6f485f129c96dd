//! Placeholder.
use super::{Evaluation, Format, Style};
pub(super) const FORMAT: Format = Format { name: "html", about: "", render };
fn render(_: &Evaluation, _: &Style) -> String {
    String::new()
}
