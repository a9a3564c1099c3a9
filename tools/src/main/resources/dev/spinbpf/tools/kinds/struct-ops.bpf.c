#include "kinds.h"

struct tcp_congestion_ops {
	void (*init)(void *socket);
	char name[16];
};

SEC("struct_ops")
int program(__u64 *context)
{
	return 0;
}

SEC(".struct_ops")
struct tcp_congestion_ops example = {
#ifdef MENDED
	.init = (void *)program,
#endif
	.name = "example",
};
