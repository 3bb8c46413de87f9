fn main() {
    if std::env::var_os("CARGO_FEATURE_OTHERS").is_none() {
        return;
    }
    println!("cargo:rerun-if-changed=proto/echo.proto");
    println!("cargo:rerun-if-changed=proto/echo.capnp");
    // Blob.data as bytes::Bytes is tonic's cheaper setting: give the peer its best shape.
    tonic_prost_build::configure()
        .bytes(".")
        .compile_protos(&["proto/echo.proto"], &["proto"])
        .expect("protoc (apt: protobuf-compiler) is needed");
    capnpc::CompilerCommand::new()
        .src_prefix("proto")
        .default_parent_module(vec!["capnp_peer".into()])
        .file("proto/echo.capnp")
        .run()
        .expect("capnp (apt: capnproto) is needed");
}
