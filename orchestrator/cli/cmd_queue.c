#include "cli/commands.h"
int cmd_queue(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return 70;
}
