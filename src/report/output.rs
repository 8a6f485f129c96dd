//! Reads `-o FORMAT[=FILE]`: which format goes where.

use super::{Evaluation, Format};
use crate::diag::{Diagnostic, codes, nearest};

/// A format, and the file that it goes to.
#[derive(Debug)]
pub struct Output<T: 'static = Evaluation> {
    /// The format.
    pub format: &'static Format<T>,
    /// The file; standard output where there is none.
    pub file: Option<String>,
}

impl<T> Output<T> {
    /// Reads `FORMAT` or `FORMAT=FILE`, of some formats. `-` is standard output.
    ///
    /// # Errors
    /// A format that is not known, or no file after the `=`.
    pub fn parse(text: &str, formats: &'static [Format<T>]) -> Result<Self, Box<Diagnostic>> {
        let (name, file) = match text.split_once('=') {
            Some((name, file)) => (name, Some(file)),
            None => (text, None),
        };
        let Some(format) = formats.iter().find(|format| format.name == name) else {
            let hint = nearest(name, formats.iter().map(|f| f.name)).map_or_else(
                || {
                    let names: Vec<&str> = formats.iter().map(|f| f.name).collect();
                    format!("expected one of {}", names.join(", "))
                },
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("`{name}` is not an output format");
            return Err(Box::new(Diagnostic::error(codes::USAGE, message).hint(hint)));
        };
        if file == Some("") {
            let message = format!("`{text}` names no file after the `=`");
            let hint = format!("write `{name}` for standard output, or `{name}=FILE`");
            return Err(Box::new(Diagnostic::error(codes::USAGE, message).hint(hint)));
        }
        Ok(Self { format, file: file.filter(|f| *f != "-").map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::FORMATS;
    use super::*;

    #[test]
    fn a_format_with_and_without_a_file() {
        let read = |text: &str| Output::parse(text, FORMATS).map(|o| (o.format.name, o.file));
        assert_eq!(read("json").unwrap(), ("json", None));
        assert_eq!(read("sarif=out/a=b.sarif").unwrap(), ("sarif", Some("out/a=b.sarif".to_owned())));
        assert_eq!(read("html=-").unwrap(), ("html", None));
        assert_eq!(read("jsno").unwrap_err().hint.as_deref(), Some("did you mean `json`?"));
        assert!(read("pdf").unwrap_err().hint.unwrap().starts_with("expected one of text, json"));
        assert_eq!(read("json=").unwrap_err().code, codes::USAGE);
    }
}
