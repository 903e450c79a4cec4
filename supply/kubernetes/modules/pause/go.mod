module kube-lab/offline/pause

go 1.26.0
