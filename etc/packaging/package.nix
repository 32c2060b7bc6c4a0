# For Nix: pkgs.callPackage ./etc/packaging/package.nix { }
{
  lib,
  stdenv,
  cargo,
  rustc,
  rustPlatform,
}:

stdenv.mkDerivation {
  pname = "pizauth";
  version = (lib.importTOML ../../Cargo.toml).workspace.package.version;
  src = lib.cleanSource ../..;

  cargoDeps = rustPlatform.importCargoLock { lockFile = ../../Cargo.lock; };
  nativeBuildInputs = [
    cargo
    rustc
    rustPlatform.cargoSetupHook
  ];

  buildPhase = ''
    runHook preBuild
    CARGO_TARGET_DIR=target cargo build --release --frozen --bins --package pizauth
    runHook postBuild
  '';

  installPhase = ''
    runHook preInstall
    CARGO_TARGET_DIR=target PREFIX=$out ./install.sh --no-build --init all
    rm $out/share/doc/pizauth/.directories
    runHook postInstall
  '';

  meta = {
    description = "OAuth2 token agent for mail programs and scripts";
    license = with lib.licenses; [
      asl20
      mit
    ];
    mainProgram = "pizauth";
    platforms = lib.platforms.unix;
  };
}
