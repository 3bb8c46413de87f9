//! The code that tonic and capnp-rpc generate.

fn main() {
    #[cfg(feature = "others")]
    others();
}

#[cfg(feature = "others")]
fn others() {
    println!("cargo:rerun-if-changed=proto/echo.proto");
    println!("cargo:rerun-if-changed=proto/echo.capnp");
    // `bytes::Bytes` is cheaper for tonic than a vector: each peer gets its best shape.
    tonic_prost_build::configure()
        .bytes(".")
        .compile_protos(&["proto/echo.proto"], &["proto"])
        .expect("protoc is needed (Debian: protobuf-compiler)");
    capnpc::CompilerCommand::new()
        .src_prefix("proto")
        .default_parent_module(vec!["peers".into(), "capnp".into()])
        .file("proto/echo.capnp")
        .run()
        .expect("capnp is needed (Debian: capnproto)");
}
