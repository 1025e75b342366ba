//! What OpenCode spends, from stats.json.

use serde_json::Value;
use std::{env, error::Error, fs, io::ErrorKind, path::PathBuf};

/// Where the exporter writes it; a relative XDG_DATA_HOME counts for nothing, as its specification says.
fn stats_file() -> PathBuf {
    let data = env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    data.unwrap_or_else(|| home.join(".local/share")).join("opencode/stats.json")
}

/// Names come from providers as they are: nothing that a terminal obeys may get out.
fn shown(name: &str) -> String {
    let obeyed = |c: char| {
        c.is_control() || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    name.chars().map(|c| if obeyed(c) { '?' } else { c }).take(40).collect()
}

fn money(usd: f64) -> String {
    let cents = (usd * 100.0 + 0.5).floor() as u64;
    format!("${}.{:02}", cents / 100, cents % 100)
}

fn main() -> Result<(), Box<dyn Error>> {
    // One read is enough: the file is replaced as a whole, so nobody ever sees half of it.
    let text = match fs::read_to_string(stats_file()) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("no figures yet");
            return Ok(());
        }
        read => read?,
    };
    let stats: Value = serde_json::from_str(&text)?;
    if stats["schemaVersion"] != 1 {
        return Err("a format that is newer than this reader".into());
    }
    let session = &stats["session"];
    println!(
        "{}: {} tokens ({}) this session, {} today, {} in total",
        session["state"].as_str().unwrap_or("unknown"),
        session["totalTokens"],
        money(session["totalCost"].as_f64().unwrap_or(0.0)),
        stats["daily"]["totalTokens"],
        stats["total"]["totalTokens"],
    );
    // The models are there by tokens, the largest first; "preserve_order" keeps them so.
    for (name, tokens) in session["tokensByModel"].as_object().into_iter().flatten().take(3) {
        println!("  {} {}", shown(name), tokens);
    }
    Ok(())
}
