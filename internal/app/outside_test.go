package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate writes a self-signed certificate for 127.0.0.1 and returns the
// names of its files and the pool that trusts it.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: now.Add(-time.Hour),
		NotAfter: now.Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	dir := t.TempDir()
	write := func(name, kind string, b []byte) string {
		text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b})
		pool.AppendCertsFromPEM(text)
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", raw), pool
}

func TestServesTLSFromFiles(t *testing.T) {
	cert, key, pool := certificate(t)
	r := start(t, "ATRIUM_TLS_CERT="+cert, "ATRIUM_TLS_KEY="+key)
	defer r.stop()
	r.url = "https://" + strings.TrimPrefix(r.url, "http://")
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Get(r.url + "/status.php")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 || res.ProtoMajor != 2 || res.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%s %s, %v", res.Proto, res.Status, res.Header)
	}
	old := &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	if _, err := tls.Dial("tcp", strings.TrimPrefix(r.url, "https://"), old); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
}

func TestTracesGoToTheCollector(t *testing.T) {
	got := make(chan string, 100)
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- r.URL.Path + "\n" + string(b)
	}))
	defer collector.Close()
	r := start(t, "ATRIUM_OTLP_ENDPOINT="+collector.URL+"/v1/traces")
	transport := &http.Transport{}
	r.do(&http.Client{Transport: transport}, "PROPFIND", "/remote.php/dav/files/admin/", nil)
	transport.CloseIdleConnections()
	r.stop() // sends what is left
	select {
	case spans := <-got:
		if !strings.HasPrefix(spans, "/v1/traces\n") || !strings.Contains(spans, "PROPFIND /remote.php/dav") {
			t.Errorf("collected %q", spans)
		}
	default:
		t.Error("the collector got nothing")
	}
}

func TestMetricsAreForThisMachine(t *testing.T) {
	r := start(t)
	defer r.stop()
	res, err := http.Get(r.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 || !strings.Contains(string(b), "atrium_http_requests_in_flight 1") {
		t.Errorf("%s, %v\n%s", res.Status, err, b)
	}
}
