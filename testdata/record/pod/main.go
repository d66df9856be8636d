// Command pod does what the kubelet does, for the capture of containers: it starts a pod of one container, runs a program in that, and ends the pod.
//
//	go run ./testdata/record/pod SOCKET IMAGE NAMESPACE POD CONTAINER PROGRAM [ARG...]
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const uid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"

func main() {
	if len(os.Args) < 7 {
		fmt.Fprintln(os.Stderr, "usage: pod SOCKET IMAGE NAMESPACE POD CONTAINER PROGRAM [ARG...]")
		os.Exit(2)
	}
	conn, err := grpc.NewClient("unix://"+os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		err = run(ctx, cri.NewRuntimeServiceClient(conn), os.Args[2:])
		cancel()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pod:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, engine cri.RuntimeServiceClient, args []string) error {
	image, space, pod, name, program := args[0], args[1], args[2], args[3], args[4:]
	logs, err := os.MkdirTemp("", "pod")
	if err != nil {
		return err
	}
	defer os.RemoveAll(logs)
	labels := map[string]string{"io.kubernetes.pod.name": pod, "io.kubernetes.pod.namespace": space, "io.kubernetes.pod.uid": uid}
	ns := &cri.NamespaceOption{Network: cri.NamespaceMode_NODE, Pid: cri.NamespaceMode_CONTAINER}
	config := &cri.PodSandboxConfig{Metadata: &cri.PodSandboxMetadata{Name: pod, Uid: uid, Namespace: space}, LogDirectory: logs, Labels: map[string]string{"app": name},
		Linux: &cri.LinuxPodSandboxConfig{CgroupParent: "/kubepods/burstable/pod" + uid, SecurityContext: &cri.LinuxSandboxSecurityContext{NamespaceOptions: ns}}}
	for k, v := range labels {
		config.Labels[k] = v
	}
	box, err := engine.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: config})
	if err != nil {
		return fmt.Errorf("sandbox: %w", err)
	}
	defer func() {
		engine.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: box.PodSandboxId})
		engine.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: box.PodSandboxId})
	}()
	labels["io.kubernetes.container.name"] = name
	c, err := engine.CreateContainer(ctx, &cri.CreateContainerRequest{PodSandboxId: box.PodSandboxId, SandboxConfig: config, Config: &cri.ContainerConfig{
		Metadata: &cri.ContainerMetadata{Name: name}, Image: &cri.ImageSpec{Image: image}, LogPath: "log", Labels: labels,
		Linux: &cri.LinuxContainerConfig{Resources: &cri.LinuxContainerResources{OomScoreAdj: 500}, SecurityContext: &cri.LinuxContainerSecurityContext{NamespaceOptions: ns}}}})
	if err != nil {
		return fmt.Errorf("container: %w", err)
	}
	if _, err := engine.StartContainer(ctx, &cri.StartContainerRequest{ContainerId: c.ContainerId}); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	out, err := engine.ExecSync(ctx, &cri.ExecSyncRequest{ContainerId: c.ContainerId, Cmd: program, Timeout: 10})
	if err != nil {
		return fmt.Errorf("exec: %w", err)
	}
	os.Stdout.Write(out.Stdout)
	return nil
}
