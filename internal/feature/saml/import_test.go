package saml

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"atrium/internal/base/fault"
)

const described1 = `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://idp.example">
<md:IDPSSODescriptor><md:KeyDescriptor use="encryption"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>no key that signs</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>%s
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example/post"/>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/redirect"/>
</md:IDPSSODescriptor></md:EntityDescriptor>`

func TestMetadataOfAProviderAreTakenOver(t *testing.T) {
	got, err := described(fmt.Appendf(nil, described1, ""))
	if err != nil || got["idp-entityId"] != "https://idp.example" || got["idp-singleSignOnService.url"] != "https://idp.example/redirect" || got["idp-x509cert"] != "" {
		t.Errorf("%v %v", got, err)
	}
	for what, text := range map[string]string{
		"a key":         fmt.Sprintf(described1, `<md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`),
		"no base64":     fmt.Sprintf(described1, `<md:KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>?</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`),
		"an entity":     `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + fmt.Sprintf(described1, "&a;"),
		"no provider":   `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"/>`,
		"several":       `<x>` + strings.Repeat(fmt.Sprintf(described1, ""), 2) + `</x>`,
		"a wrong place": strings.Replace(fmt.Sprintf(described1, ""), "https://idp.example/redirect", "javascript:alert(1)", 1),
		"nothing":       "",
	} {
		if got, err := described([]byte(text)); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v %v", what, got, err)
		}
	}
}
