// The flags that a redirection to a device's peer takes.
#include "../kernel.h"

static long (*redirect_peer)(__u32 ifindex, __u64 flags) = (void *)155;

SEC("tc") int peer_ingress(struct __sk_buff *skb) { return redirect_peer(1, 1); }
SEC("tc") int peer_egress(struct __sk_buff *skb) { return redirect_peer(1, 2); }
SEC("tc") int peer_both(struct __sk_buff *skb) { return redirect_peer(1, 3); }
SEC("tc") int peer_broadcast(struct __sk_buff *skb) { return redirect_peer(1, 8); }

char LICENSE[] SEC("license") = "GPL";
