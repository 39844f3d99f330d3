print("ir-analyze")
