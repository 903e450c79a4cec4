// Package v1beta1 stands in for frr-k8s's API, whose module cannot be had: MetalLB's speaker names these types for a mode that
// announces addresses through FRR. In native mode, the lab's, none of them is ever made.
package v1beta1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// AddToScheme adds nothing: the kind is not served here.
func AddToScheme(*runtime.Scheme) error { return nil }

type FRRConfiguration struct {
	metav1.TypeMeta
	metav1.ObjectMeta
	Spec FRRConfigurationSpec
}

// DeepCopy copies the object itself, not what it points to.
func (in *FRRConfiguration) DeepCopy() *FRRConfiguration {
	out := *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	return &out
}

func (in *FRRConfiguration) DeepCopyObject() runtime.Object { return in.DeepCopy() }

type FRRConfigurationSpec struct {
	BGP          BGPConfig
	NodeSelector metav1.LabelSelector
}

// DeepCopyInto copies the object itself, not what it points to.
func (in *FRRConfigurationSpec) DeepCopyInto(out *FRRConfigurationSpec) { *out = *in }

type BGPConfig struct {
	Routers     []Router
	BFDProfiles []BFDProfile
}

type Router struct {
	ASN       uint32
	ID        string
	VRF       string
	Neighbors []Neighbor
	Prefixes  []string
}

type DynamicASNMode string

type SecretReference struct{ Name, Namespace string }

type Neighbor struct {
	Address, Interface, BFDProfile, Password                               string
	ASN                                                                    uint32
	DynamicASN                                                             DynamicASNMode
	Port                                                                   *uint16
	HoldTime, KeepaliveTime, ConnectTime                                   *metav1.Duration
	EnableGracefulRestart, EBGPMultiHop, DualStackAddressFamily, DisableMP bool
	ToAdvertise                                                            Advertise
	PasswordSecret                                                         SecretReference
}

type Advertise struct {
	Allowed                   AllowedOutPrefixes
	PrefixesWithLocalPref     []LocalPrefPrefixes
	PrefixesWithCommunity     []CommunityPrefixes
	PrefixesWithAsPathPrepend []AsPathPrependPrefixes
}

type AllowedOutPrefixes struct{ Prefixes []string }

type LocalPrefPrefixes struct {
	LocalPref uint32
	Prefixes  []string
}

type CommunityPrefixes struct {
	Community string
	Prefixes  []string
}

type AsPathPrependPrefixes struct {
	AsPathPrepend uint8
	Prefixes      []string
}

type BFDProfile struct {
	Name                                                                          string
	ReceiveInterval, TransmitInterval, DetectMultiplier, EchoInterval, MinimumTTL *uint32
	EchoMode, PassiveMode                                                         *bool
}
