// flannel is the CNI plugin that flannel's network configuration names. It reads what flanneld has written for this
// node (/run/flannel/subnet.env) and hands the work to another plugin, by default bridge with host-local addresses.
// Same configuration and results as github.com/flannel-io/cni-plugin, which the Go module proxy does not serve.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/containernetworking/cni/pkg/invoke"
	"github.com/containernetworking/cni/pkg/skel"
	"github.com/containernetworking/cni/pkg/types"
	"github.com/containernetworking/cni/pkg/version"
)

const (
	defaultSubnetFile = "/run/flannel/subnet.env"
	defaultDataDir    = "/var/lib/cni/flannel"
	// pluginNotAvailable is the CNI specification's error code for a STATUS that cannot serve ADD.
	pluginNotAvailable = 50
)

// configuration is the plugin's part of the network configuration list.
type configuration struct {
	types.NetConf
	SubnetFile    string         `json:"subnetFile"`
	DataDir       string         `json:"dataDir"`
	Delegate      map[string]any `json:"delegate"`
	RuntimeConfig map[string]any `json:"runtimeConfig,omitempty"`
}

func main() {
	skel.PluginMainFuncs(skel.CNIFuncs{Add: add, Check: check, Del: del, Status: status},
		version.All, "CNI plugin flannel of kube-lab")
}

func load(stdin []byte) (*configuration, error) {
	loaded := &configuration{SubnetFile: defaultSubnetFile, DataDir: defaultDataDir}
	if err := json.Unmarshal(stdin, loaded); err != nil {
		return nil, fmt.Errorf("network configuration: %w", err)
	}
	return loaded, nil
}

func add(args *skel.CmdArgs) error {
	conf, err := load(args.StdinData)
	if err != nil {
		return err
	}
	subnet, err := readSubnet(conf.SubnetFile)
	if err != nil {
		return types.NewError(types.ErrTryAgainLater, "flannel has no subnet for this node yet", err.Error())
	}
	delegate, err := delegateConfiguration(conf, subnet)
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(delegate)
	if err != nil {
		return err
	}
	// Written first: whatever the delegate has made can be taken back, even after flanneld got another subnet.
	if err := save(conf.DataDir, args.ContainerID, encoded); err != nil {
		return err
	}
	result, err := invoke.DelegateAdd(context.TODO(), delegate["type"].(string), encoded, nil)
	if err != nil {
		return fmt.Errorf("delegate %s: %w", delegate["type"], err)
	}
	return types.PrintResult(result, conf.CNIVersion)
}

func del(args *skel.CmdArgs) error {
	conf, err := load(args.StdinData)
	if err != nil {
		return err
	}
	path := filepath.Join(conf.DataDir, args.ContainerID)
	encoded, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was added, or it is gone already: CNI wants success
	}
	if err != nil {
		return err
	}
	name, err := delegateType(encoded)
	if err != nil {
		return err
	}
	if err := invoke.DelegateDel(context.TODO(), name, encoded, nil); err != nil {
		return fmt.Errorf("delegate %s: %w", name, err)
	}
	return os.Remove(path)
}

func check(args *skel.CmdArgs) error {
	conf, err := load(args.StdinData)
	if err != nil {
		return err
	}
	encoded, err := os.ReadFile(filepath.Join(conf.DataDir, args.ContainerID))
	if err != nil {
		return fmt.Errorf("container was never added: %w", err)
	}
	var delegate map[string]any
	if err := json.Unmarshal(encoded, &delegate); err != nil {
		return err
	}
	if conf.RawPrevResult != nil {
		delegate["prevResult"] = conf.RawPrevResult
	}
	if encoded, err = json.Marshal(delegate); err != nil {
		return err
	}
	name, err := delegateType(encoded)
	if err != nil {
		return err
	}
	return invoke.DelegateCheck(context.TODO(), name, encoded, nil)
}

func status(args *skel.CmdArgs) error {
	conf, err := load(args.StdinData)
	if err != nil {
		return err
	}
	if _, err := readSubnet(conf.SubnetFile); err != nil {
		return types.NewError(pluginNotAvailable, "flannel has no subnet for this node yet", err.Error())
	}
	return nil
}

func save(folder, containerID string, content []byte) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, containerID), content, 0o600)
}

func delegateType(encoded []byte) (string, error) {
	var delegate struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(encoded, &delegate); err != nil {
		return "", err
	}
	if delegate.Type == "" {
		return "", errors.New("saved delegate configuration has no type")
	}
	return delegate.Type, nil
}
