module kube-lab/offline/toolbox

go 1.26.0
