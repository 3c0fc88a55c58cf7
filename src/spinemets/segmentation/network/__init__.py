"""The spine network: any CT or MR volume to vertebrae, discs and canal, on the processor, from weights in the package."""
