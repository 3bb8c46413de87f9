//! The dashboard in a window.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use countersign_gui::{Dashboard, Desk, Target, settings_file};

/// Lists the procedures of a server, calls them, and graphs how they do.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The server, as host:port. Without it, the window asks.
    address: Option<String>,
    /// The folder with this dashboard's key, certificate and trust.
    #[arg(long, value_name = "DIR/NAME")]
    identity: Option<String>,
}

/// The dashboard as the window system knows it.
struct App(Dashboard);

impl eframe::App for App {
    fn logic(&mut self, _: &egui::Context, _: &mut eframe::Frame) {
        self.0.learn();
    }

    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        self.0.ui(ui);
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let target = Target {
        address: arguments.address.unwrap_or_default(),
        identity: arguments.identity.unwrap_or_default(),
    };
    match open(target) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("countersign-gui: {error}");
            ExitCode::FAILURE
        }
    }
}

fn open(target: Target) -> eframe::Result {
    let viewport = egui::ViewportBuilder::default()
        .with_app_id("countersign")
        .with_title("Countersign")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([900.0, 600.0]);
    let options = eframe::NativeOptions { viewport, ..eframe::NativeOptions::default() };
    eframe::run_native(
        "countersign",
        options,
        Box::new(move |creation| {
            let context = creation.egui_ctx.clone();
            let desk = Desk {
                repaint: Arc::new(move || context.request_repaint()),
                browse: Arc::new(|_, _| {}),
                settings_file: settings_file(),
            };
            let dashboard = Dashboard::start(desk, target)?;
            dashboard.install(&creation.egui_ctx);
            Ok(Box::new(App(dashboard)))
        }),
    )
}
