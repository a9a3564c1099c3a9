#include "kinds.h"

static struct bpf_res_spin_lock first SEC(".data.first");
static struct bpf_res_spin_lock second SEC(".data.second");

SEC("tc")
int refused(struct __sk_buff *skb)
{
	if (bpf_res_spin_lock(&first))
		return 1;
	if (!bpf_res_spin_lock(&second)) {
		bpf_res_spin_unlock(&first);
		bpf_res_spin_unlock(&second);
		return 0;
	}
	bpf_res_spin_unlock(&first);
	return 1;
}

SEC("tc")
int mended(struct __sk_buff *skb)
{
	if (bpf_res_spin_lock(&first))
		return 1;
	if (!bpf_res_spin_lock(&second)) {
		bpf_res_spin_unlock(&second);
		bpf_res_spin_unlock(&first);
		return 0;
	}
	bpf_res_spin_unlock(&first);
	return 1;
}
