"""Chat models: the llama.cpp process, endpoints, what is installed, downloads."""
