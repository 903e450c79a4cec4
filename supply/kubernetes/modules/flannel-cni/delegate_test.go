package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func delegateOf(t *testing.T, network, environment string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "subnet.env")
	if err := os.WriteFile(path, []byte(environment), 0o600); err != nil {
		t.Fatal(err)
	}
	conf, err := load([]byte(network))
	if err != nil {
		return "", err
	}
	subnet, err := readSubnet(path)
	if err != nil {
		return "", err
	}
	delegate, err := delegateConfiguration(conf, subnet)
	if err != nil {
		return "", err
	}
	encoded, err := json.Marshal(delegate)
	return string(encoded), err
}

const environment = "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.3.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"

func TestDelegate(t *testing.T) {
	network := `{"cniVersion":"1.0.0","name":"cbr0","type":"flannel","delegate":{"hairpinMode":true,"isDefaultGateway":true}}`
	got, err := delegateOf(t, network, environment)
	want := `{"cniVersion":"1.0.0","hairpinMode":true,"ipMasq":false,"ipam":{"ranges":[[{"subnet":"10.244.3.0/24"}]],` +
		`"routes":[{"dst":"10.244.0.0/16"}],"type":"host-local"},"isDefaultGateway":true,"isGateway":true,"mtu":1450,` +
		`"name":"cbr0","type":"bridge"}`
	if err != nil || got != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}

func TestDualStack(t *testing.T) {
	both := environment + "FLANNEL_IPV6_NETWORK=fd00:10:244::/56\nFLANNEL_IPV6_SUBNET=fd00:10:244:3::1/64\n"
	got, err := delegateOf(t, `{"name":"cbr0","delegate":{"type":"ptp"}}`, both)
	want := `{"ipMasq":false,"ipam":{"ranges":[[{"subnet":"10.244.3.0/24"}],[{"subnet":"fd00:10:244:3::/64"}]],` +
		`"routes":[{"dst":"10.244.0.0/16"},{"dst":"fd00:10:244::/56"}],"type":"host-local"},"mtu":1450,"name":"cbr0","type":"ptp"}`
	if err != nil || got != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}

func TestErrors(t *testing.T) {
	for name, input := range map[string][2]string{
		"no subnet":      {`{"name":"cbr0"}`, "FLANNEL_NETWORK=10.244.0.0/16\n"},
		"bad subnet":     {`{"name":"cbr0"}`, "FLANNEL_SUBNET=10.244\n"},
		"own name":       {`{"name":"cbr0","delegate":{"name":"x"}}`, environment},
		"type no text":   {`{"name":"cbr0","delegate":{"type":7}}`, environment},
		"ipam no object": {`{"name":"cbr0","delegate":{"ipam":"host-local"}}`, environment},
	} {
		if got, err := delegateOf(t, input[0], input[1]); err == nil {
			t.Errorf("%s: got %s, want an error", name, got)
		}
	}
}
