//! What an export into a folder did, and what it left out.

use filedex_formats::{Format, Parts};
use serde_json::{Map, Value, json};

use crate::commands::reasons::Reasons;
use crate::failure::Failure;
use crate::output::{Output, Style};
use crate::terminal::clean;
use crate::units::{count, counted, size};

/// What a folder got.
pub struct Done {
    /// Files that are there.
    pub written: u64,
    parts: Vec<(String, u64)>,
    /// Files that are in no part.
    pub unparted: u64,
    /// URIs and reasons of files that could not be there.
    pub left_out: Reasons<(String, String)>,
}

impl Done {
    /// Nothing yet.
    pub fn new(parts: Option<&Parts>) -> Self {
        let names = parts.into_iter().flat_map(|parts| parts.names.iter().cloned());
        let parts = names.map(|name| (name, 0)).collect();
        Self { written: 0, parts, unparted: 0, left_out: Reasons::default() }
    }

    /// Counts a file, in its part.
    pub fn count(&mut self, part: Option<usize>) {
        self.written += 1;
        if let Some((_, count)) = part.and_then(|part| self.parts.get_mut(part)) {
            *count += 1;
        }
    }

    /// Says what there is. An error where files were left out, which it says too.
    pub fn print(
        &self,
        shown: &str,
        format: Format,
        bytes: u64,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let left: u64 = self.left_out.by_count().iter().map(|(_, number)| number).sum();
        let ended = if left > 0 { Err(Failure::Reported) } else { Ok(()) };
        if output.is_json() {
            let parts: Map<String, Value> =
                self.parts.iter().map(|(name, count)| (name.clone(), json!(count))).collect();
            let first = self.left_out.first().iter();
            let first = first.map(|(uri, reason)| json!({ "uri": uri, "reason": reason }));
            output.json(&json!({
                "file": shown,
                "format": format.name(),
                "records": self.written,
                "bytes": bytes,
                "parts": parts,
                "in_no_part": self.unparted,
                "left_out": left,
                "errors": first.collect::<Value>(),
                "reasons": self.left_out.json(),
            }))?;
            return ended;
        }
        for (uri, why) in self.left_out.first() {
            output.line(format!("{}: {}", clean(uri), clean(why)))?;
        }
        if left > 0 {
            let files = counted(left, "file was", "files were");
            output.line(output.styled(Style::Bad, &format!("{files} left out:")))?;
            for (reason, number) in self.left_out.by_count() {
                output.line(format!("  {:>9}  {}", count(number), clean(&reason)))?;
            }
        }
        if self.unparted > 0 {
            let files = counted(self.unparted, "file says", "files say");
            output.line(format!("{files} no part and are not there"))?;
        }
        let parts = self.parts.iter().map(|(name, number)| format!("{} {name}", count(*number)));
        let parts: Vec<_> = parts.collect();
        let parts =
            if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
        let files = counted(self.written, "file", "files");
        output.line(format!("{files} in {shown}{parts}, {}", size(bytes)))?;
        ended
    }
}
