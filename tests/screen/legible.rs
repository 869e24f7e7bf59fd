//! Legible without colour, without Unicode, and whatever strangers write into their commits.

use std::sync::Arc;

use landfall::app::{Charset, Key, Settings};
use landfall::domain::{Batch, Conclusion, Failure, Job, JobId, Look, Run, RunState, Seen, ServiceName};
use landfall::ui::Theme;
use ratatui::style::{Color, Modifier};

use crate::cast::{Stage, now, run, runs, seen};
use crate::marks::harmful;
use crate::{cells, painted};

const SIZE: (u16, u16) = (160, 40);

#[test]
fn the_selected_row_is_reversed_from_edge_to_edge() {
    let buffer = painted(&Stage::new((80, 24)), (80, 24), Theme::Ansi);
    let reversed = |row: u16| (0..80).all(|column| buffer[(column, row)].modifier.contains(Modifier::REVERSED));
    let selected: Vec<u16> = (0..24).filter(|row| reversed(*row)).collect();
    assert_eq!(selected.len(), 1, "{}", cells(&buffer));
    assert_eq!(buffer[(0, selected[0])].symbol(), "▸");
}

#[test]
fn colours_are_the_sixteen_of_the_terminal_and_never_a_background() {
    let mut stage = Stage::new(SIZE);
    for keys in ["1", "2", "3", "4", "5", "?"] {
        stage.press(keys);
        for cell in &painted(&stage, SIZE, Theme::Ansi).content {
            assert_eq!(cell.bg, Color::Reset);
            assert!(!matches!(cell.fg, Color::Rgb(..) | Color::Indexed(_)), "{:?}", cell.fg);
        }
    }
}

#[test]
fn without_colour_nothing_is_coloured_and_the_words_are_the_same() {
    let mut stage = Stage::new(SIZE);
    for keys in ["1", "2", "3", "4", "5"] {
        stage.press(keys);
        let (colour, mono) = (painted(&stage, SIZE, Theme::Ansi), painted(&stage, SIZE, Theme::Mono));
        assert_eq!(cells(&colour), cells(&mono));
        assert!(mono.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    }
}

fn strange(title: &str, branch: &str) -> Vec<landfall::domain::Observation> {
    let plain = run("cart", 13, 1, title);
    let run = Run {
        branch: Some(branch.into()),
        workflow: title.into(),
        url: "https://ci.test/\u{1b}]0;owned\u{7}".into(),
        ..(*plain).clone()
    };
    let failed = Look::Runs(ServiceName::parse("newcomer").unwrap());
    let says = "\u{1b}[31m<html>\r\n\u{202e}denied\u{200b}".into();
    let mut all = runs("cart", &[Arc::new(run.clone())]);
    let job = Job {
        id: JobId(1),
        name: title.into(),
        stage: Some(branch.into()),
        state: RunState::Finished(Conclusion::Success),
        allow_failure: false,
        started_at: run.started_at,
        finished_at: run.finished_at,
    };
    let jobs = Batch { items: vec![job], skipped: 0, complete: true };
    all.push(seen(now(), "github", Seen::Jobs(run.key.clone(), Arc::new(jobs))));
    all.push(seen(now(), "github", Seen::Failed(failed, Failure::Malformed(says))));
    all
}

/// Walks through everything that shows words of strangers.
fn every_screen(stage: &mut Stage, mut look: impl FnMut(&Stage)) {
    for pane in ["1", "2", "3", "4", "5"] {
        stage.press(pane);
        stage.press("g");
        look(stage);
        for _ in 0..12 {
            stage.key(Key::Enter);
            look(stage);
            stage.press("j");
            stage.key(Key::Enter);
            look(stage);
            stage.key(Key::Esc);
            stage.key(Key::Esc);
            stage.press("j");
        }
    }
    stage.press("/");
    stage.press("caf\u{e9}");
    look(stage);
    stage.key(Key::Esc);
}

#[test]
fn in_ascii_no_byte_is_above_127_whatever_strangers_write() {
    let settings = Settings { title: "landfall", charset: Charset::Ascii, browser: false };
    let mut stage = Stage::with(SIZE, settings);
    stage.see(strange("Größe 日本語 ✓ 😀", "überall"));
    every_screen(&mut stage, |stage| {
        let text = stage.text();
        assert!(text.is_ascii(), "{text}");
        assert!(stage.screen().lines.iter().all(|line| line.width() == usize::from(SIZE.0)));
    });
}

#[test]
fn hostile_text_never_reaches_a_cell() {
    let mut stage = Stage::new(SIZE);
    let long = "a".repeat(5000);
    stage.see(strange(&format!("evil\u{1b}[2J\u{9b}31m\u{202e}txt\u{200b}\u{feff}{long}"), "x\u{7f}\u{8}\u{2066}y"));
    every_screen(&mut stage, |stage| {
        let text = cells(&painted(stage, SIZE, Theme::Ansi));
        assert_eq!(harmful(&text), None, "{text}");
    });
    stage.press("2");
    assert!(stage.text().contains("evil"), "the harmless part is shown\n{}", stage.text());
}
