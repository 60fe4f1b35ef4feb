"""API Gateway on this machine, driven by the template's own AWS::ApiGateway resources."""
