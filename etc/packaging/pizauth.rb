# Homebrew formula. etc/packaging/release.sh writes the version, the place of the source and its checksum.
class Pizauth < Formula
  desc "OAuth2 token agent for mail programs and scripts"
  homepage "@URL@"
  url "@URL@/pizauth-@VERSION@.tar.gz"
  sha256 "@SHA256@"
  license any_of: ["Apache-2.0", "MIT"]

  depends_on "rust" => :build

  def install
    system "cargo", "build", "--release", "--locked", "--bins", "--package", "pizauth"
    ENV["PREFIX"] = prefix
    system "./install.sh", "--no-build", "--init", "none"
    # A new release has another prefix, and its own list of what to remove.
    rm doc/".directories"
  end

  service do
    run [opt_bin/"pizauthd", "-d", "--syslog"]
    keep_alive successful_exit: false
  end

  test do
    (testpath/"pizauth.conf").write <<~CONF
      account "work" {
          auth_uri = "https://example.com/authorize";
          token_uri = "https://example.com/token";
          client_id = "a-client";
      }
    CONF
    system bin/"pizauth", "check", "-c", testpath/"pizauth.conf"
    assert_match version.to_s, shell_output("#{bin}/pizauthd --version")
  end
end
