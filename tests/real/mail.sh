# shellcheck shell=bash disable=SC2154
# The words about mail that parts are written in: a mail provider at imap.example.org, pop.example.org and
# smtp.example.org that wants access tokens, and its user me@example.org, whose account is called work. So the recipes
# of pizauth-show(1) are tried to the letter. By root only, in a fence where those names, ports and certificates are ours.

maildir=$PWD/mails/me@example.org
mail_scope=imap

# trust NAME...: makes a certificate, and this scene believe in the names and in it, and in no other.
trust() {
    local names
    names=$(printf ',DNS:%s' "$@")
    mkdir trust
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=a test' \
        -addext basicConstraints=critical,CA:FALSE -addext "subjectAltName=${names#,}" -keyout trust.key -out trust/ca-certificates.crt 2>openssl.log
    openssl rehash trust
    echo "127.0.0.1 localhost $*" >hosts
    mount --bind trust /etc/ssl/certs
    mount --bind hosts /etc/hosts
}
trust_example_org() { trust {imap,pop,smtp,git}.example.org; }

# start_dovecot: IMAP, POP3 and submission, each with TLS; tokens are introspected at the provider. What is sent goes
# into $maildir by way of aiosmtpd.
start_dovecot() {
    mkdir -p dovecot "$maildir"/{cur,new,tmp}
    chown -R nobody:nogroup mails
    chmod 711 .
    cat >dovecot/oauth2.conf <<END
introspection_url = ${issuer%%//*}//smtp-server:smtp-server-secret@${issuer#*//}/token/introspection
tls_ca_cert_file = $PWD/trust/ca-certificates.crt
introspection_mode = post
active_attribute = active
active_value = true
username_attribute = sub
scope = $mail_scope
END
    sed -e "s|@SCENE@|$PWD|" "$here/dovecot.conf" >dovecot/dovecot.conf
    in_background relay /usr/bin/python3 -m aiosmtpd -l 127.0.0.1:2525 -c aiosmtpd.handlers.Mailbox "$maildir"
    in_background dovecot dovecot -F -c "$PWD/dovecot/dovecot.conf"
    for port in 2525 465 587 993 995; do wait_until is_listening $port; done
}

is_listening() { (: <"/dev/tcp/127.0.0.1/$1"); }

# start_mail_scene: all of it, and the daemon; nobody has signed in yet.
start_mail_scene() {
    trust_example_org
    start_provider
    start_dovecot
    {
        echo 'https_listen = none;'
        provider_account work mail 'user = "me@example.org";'
    } >config/pizauth.conf
    start_daemon
}

# recipe NAME [NUMBER]: the example under that heading of pizauth-show(1), or the NUMBERth.
recipe() { example pizauth-show.1 "$@"; }

# is_in_mailbox SUBJECT, mailbox_count: of the mails at the provider.
is_in_mailbox() { grep -rqx "Subject: $1" "$maildir"/new "$maildir"/cur; }
mailbox_count() { find "$maildir"/new "$maildir"/cur -type f | wc -l; }

# said WORDS: whether the program of the last check said so.
said() { grep -E "$1" said.log || { cat said.log && false; }; }

# refresh_and_wait ACCOUNT: until it has another access token.
refresh_and_wait() {
    local before
    before=$(pizauth-show "$1")
    pizauth-refresh "$1" && wait_until shows_another "$1" "$before"
}
shows_another() {
    local now
    now=$(pizauth-show "$1") && [ "$now" != "$2" ]
}

# withdraw ACCOUNT: the provider ends the grant; the access token that we hold is good for nothing from now on.
withdraw() {
    curl --silent --show-error --fail --max-time 20 --data "client_id=mail&token=$(pizauth-show "$1")" \
        "$issuer/token/revocation"
}
