//! The server's own pages.

/// `text` with everything replaced that HTML would take for markup.
pub(crate) fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
        out
    })
}

/// A whole page around `body`, which is HTML already.
pub(crate) fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <style>body{{font-family:sans-serif;max-width:34em;margin:4em auto;padding:0 1em}}\
         button{{font-size:1.1em;padding:.5em 1.5em;margin-right:1em}}</style></head>\n\
         <body><h1>{title}</h1>\n{body}\n</body></html>\n"
    )
}
